/** A text of a campaign: one for all languages, or one for each. */
export type LocalText = string | Readonly<Record<string, string>> | undefined

// tests read this file where there is no browser
const language = typeof navigator === 'undefined' ? 'en' : navigator.language

/** A text of a campaign in the language of the browser. */
export function localised(text: LocalText, otherwise = ''): string {
  if (text === undefined) return otherwise
  if (typeof text === 'string') return text
  return (language.startsWith('zh') ? text['zh-CN'] : text.en) ?? text.en ?? otherwise
}

const whole = new Intl.NumberFormat(language)
const clock = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
const exact = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' })

/** An amount in the smallest units of a currency. */
export function money(value: number, currency: string): string {
  try {
    const format = new Intl.NumberFormat(language, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
    return format.format(value / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
  } catch {
    return `${count(value)} ${currency}`
  }
}

export const count = (value: number): string => whole.format(value)
/** A moment as people write it. @param at ISO text */
export const moment = (at: string | null | undefined): string => (at ? clock.format(new Date(at)) : '–')
export const second = (at: string | null | undefined): string => (at ? exact.format(new Date(at)) : '–')

/** A stretch of time in its two largest units, such as `2 h 5 min`. */
export function stretch(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60
  ]
  if (days > 0) return `${days} d ${hours} h`
  if (hours > 0) return `${hours} h ${minutes} min`
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`
  return `${seconds} s`
}
