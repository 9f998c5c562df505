import type { Activity, Campaign, Standing } from 'floodgate/client'
import { language, say } from './words.ts'

const whole = new Intl.NumberFormat(language)
const percent = new Intl.NumberFormat(language, { style: 'percent', maximumSignificantDigits: 3 })
const clockTime = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' })
const dayTime = new Intl.DateTimeFormat(language, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit'
})

export const count = (value: number): string => whole.format(value)
export const odds = (value: number): string => percent.format(value)

/** An amount in the smallest units of a currency, without decimals where there are none. */
export function money(value: number, currency: string): string {
  const format = (digits?: number) =>
    new Intl.NumberFormat(language, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      ...(digits !== undefined && { minimumFractionDigits: digits, maximumFractionDigits: digits })
    })
  const { maximumFractionDigits = 2 } = format().resolvedOptions()
  const amount = value / 10 ** maximumFractionDigits
  return format(Number.isInteger(amount) ? 0 : undefined).format(amount)
}

/** A moment as people say it: today only the time. @param at ISO text */
export function moment(at: string): string {
  const date = new Date(at)
  return date.toDateString() === new Date().toDateString() ? clockTime.format(date) : dayTime.format(date)
}

/** What is left of a stretch of time, always as wide: `02:05:09`, with days before it where there are some. */
export function leftOf(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  const days = Math.floor(seconds / 86_400)
  return days === 0 ? time : `${say('days', { count: days })} ${time}`
}

/** An amount of a unit, such as `30 points`. @param of for the titles of draws, whose chances are units too */
export function amountOf(unit: string, value: number, of?: Campaign): string {
  const draw = unit.startsWith('chances:') ? unit.slice('chances:'.length) : undefined
  if (draw !== undefined) return say('chancesOf', { count: count(value), draw: titleOf(of, draw) })
  return unit === 'points' ? say('points', { count: count(value) }) : say('unit', { count: count(value), unit })
}

/** Amounts by unit as one text. */
/** What of a balance will be gone, and when. */
export const expiryOf = ({ unit, amount, at }: NonNullable<Standing['expiring']>[number]): string =>
  say('expires', { what: amountOf(unit, amount), at: dayTime.format(new Date(at)) })

export const costOf = (cost: Readonly<Record<string, number>>): string =>
  Object.entries(cost)
    .map(([unit, value]) => amountOf(unit, value))
    .join(' + ')

/** What a reward, or what was credited, may hold. Its other members are units. */
interface Gift {
  readonly chances?: unknown
  readonly entitlement?: string
  readonly doubler?: { readonly factor: number; readonly hours?: number }
  readonly prize?: { readonly title: string } | null
  readonly [unit: string]: unknown
}

/** What a reward gives, as one text. @param of the campaign, for the titles of draws */
export function rewardOf(gift: Gift | undefined, of: Campaign | undefined): string {
  const { chances, entitlement, doubler, prize, ...units } = gift ?? {}
  const parts = [
    ...Object.entries(units).map(([unit, value]) => `+${amountOf(unit, Number(value))}`),
    ...Object.entries((chances ?? {}) as Record<string, number>).map(([draw, value]) =>
      say('chancesOf', { count: value, draw: titleOf(of, draw) })
    ),
    ...(entitlement === undefined ? [] : [say('rightTo', { what: entitlement })]),
    ...(doubler === undefined
      ? []
      : [
          doubler.hours === undefined
            ? say('doublerNow', { factor: doubler.factor })
            : say('doubler', { factor: doubler.factor, hours: doubler.hours })
        ]),
    ...(prize === undefined || prize === null ? [] : [prize.title])
  ]
  return parts.length === 0 ? say('nothing') : parts.join(' · ')
}

/** The title of an activity of a campaign; its id where there is none. */
export const titleOf = (of: Campaign | undefined, id: string): string =>
  of?.activities.find((activity: Activity) => activity.id === id)?.title ?? id
