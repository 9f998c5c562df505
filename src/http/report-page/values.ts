import { figures as catalogue } from '../../export/report/catalogue.ts'
import type { ReportFigure } from '../../export/report/report.ts'
import type { Language } from '../problems/language.ts'

/** Currencies are three letters; what is not is a unit of a campaign, such as points. */
const CURRENCY = /^[A-Za-z]{3}$/

/** An amount in the smallest units of a currency, as people write it. */
function money(value: number, currency: string, language: Language): string | undefined {
  try {
    const format = new Intl.NumberFormat(language, { style: 'currency', currency: currency.toUpperCase() })
    const { maximumFractionDigits = 2 } = format.resolvedOptions()
    return format.format(value / 10 ** maximumFractionDigits)
  } catch {
    return undefined
  }
}

const numbers = { en: new Intl.NumberFormat('en'), 'zh-CN': new Intl.NumberFormat('zh-CN') } as const
const percents = {
  en: new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 }),
  'zh-CN': new Intl.NumberFormat('zh-CN', { style: 'percent', maximumFractionDigits: 1 })
} as const

/** A value of a figure as people read it. */
export function shownValue(
  { id, unit }: Pick<ReportFigure, 'id' | 'unit'>,
  value: number | null,
  language: Language
): string {
  if (value === null) return '–'
  const measure = catalogue[id]?.measure
  if (measure === 'ratio') return percents[language].format(value)
  if (measure === 'score') return value.toFixed(2)
  const plain = numbers[language].format(value)
  if (unit === null) return plain
  const isMoney = catalogue[id]?.section === 'sales' && CURRENCY.test(unit)
  return (isMoney ? money(value, unit, language) : undefined) ?? `${plain} ${unit}`
}

/** How far a figure came towards its target. */
export const reached = (value: number, target: number, language: Language): string =>
  target === 0 ? '–' : percents[language].format(value / target)
