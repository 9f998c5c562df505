import { figures as catalogue } from '../../export/report/catalogue.ts'
import type { ReportFigure } from '../../export/report/report.ts'
import type { Language } from '../problems/language.ts'

/** Currencies are three letters; what is not is a unit of a campaign, such as points. */
const CURRENCY = /^[A-Za-z]{3}$/

/** From here on nobody looks for the hundredths of an amount in a heading. */
const WHOLE_FROM = 1000

interface Shown {
  readonly language: Language
  /** of a heading: without what nobody looks for */
  readonly rounded?: boolean
}

/** An amount in the smallest units of a currency, as people write it. */
function money(value: number, currency: string, { language, rounded }: Shown): string | undefined {
  try {
    const style = { style: 'currency', currency: currency.toUpperCase(), currencyDisplay: 'narrowSymbol' } as const
    const format = new Intl.NumberFormat(language, style)
    const { maximumFractionDigits = 2 } = format.resolvedOptions()
    const amount = value / 10 ** maximumFractionDigits
    if (!rounded || amount < WHOLE_FROM) return format.format(amount)
    return new Intl.NumberFormat(language, { ...style, maximumFractionDigits: 0 }).format(amount)
  } catch {
    return undefined
  }
}

const numbers = { en: new Intl.NumberFormat('en'), 'zh-CN': new Intl.NumberFormat('zh-CN') } as const
const percents = {
  en: new Intl.NumberFormat('en', { style: 'percent', maximumSignificantDigits: 3 }),
  'zh-CN': new Intl.NumberFormat('zh-CN', { style: 'percent', maximumSignificantDigits: 3 })
} as const

/** A value of a figure as people read it. */
export function shownValue(
  { id, unit }: Pick<ReportFigure, 'id' | 'unit'>,
  value: number | null,
  shown: Shown
): string {
  const { language } = shown
  if (value === null) return '–'
  const measure = catalogue[id]?.measure
  if (measure === 'ratio') return percents[language].format(value)
  if (measure === 'score') return value.toFixed(2)
  const plain = numbers[language].format(value)
  if (unit === null) return plain
  const isMoney = catalogue[id]?.section === 'sales' && CURRENCY.test(unit)
  return (isMoney ? money(value, unit, shown) : undefined) ?? `${plain} ${unit}`
}

/** How far a figure came towards its target. */
export const reached = (value: number, target: number, language: Language): string =>
  target === 0 ? '–' : percents[language].format(value / target)
