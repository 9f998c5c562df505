import { ordersAt } from '../../lists.ts'
import { count, money } from '../../words.ts'

/** A figure of a report, with what it is compared with. */
export interface Figure {
  readonly id: string
  /** which part; null for all together */
  readonly of: string | null
  /** a currency or a unit; null for a plain number */
  readonly unit: string | null
  /** null: nobody counted it */
  readonly value: number | null
  /** false where gateways counted it, and may have lost some */
  readonly exact: boolean
  /** why it is not exact */
  readonly note: string | null
  readonly target: number | null
  readonly before: number | null
  readonly other: number | null
}

/** Beginnings of ids that stand in the section of another one. */
const WITHIN: Readonly<Record<string, string>> = {
  interactions: 'participants',
  registrations: 'participants',
  assists: 'shares'
}

const TITLES: Readonly<Record<string, string>> = {
  sales: 'Sales',
  participants: 'People',
  draws: 'Draws',
  tasks: 'Tasks',
  redemptions: 'Redemption',
  units: 'Points',
  invites: 'Invitations',
  shares: 'Shares',
  surveys: 'Surveys',
  traffic: 'Traffic'
}

const WORDS: Readonly<Record<string, string>> = {
  'participants.all': 'Users who took part',
  'participants.new': 'New users among them',
  'participants.ofUsers': 'Part of all users',
  'participants.daily': 'Active users by day',
  'interactions.all': 'Interactions',
  'interactions.daily': 'Interactions by day',
  'registrations.all': 'Registrations by source',
  'sales.paid': 'Paid orders',
  'sales.amount': 'Sales',
  'sales.units': 'Units sold',
  'sales.unpaid': 'Orders not paid yet',
  'sales.cancelled': 'Cancelled orders',
  'sales.expired': 'Expired orders',
  'sales.returns': 'Returns, by reason',
  'sales.daily': 'Orders by day',
  'draws.participants': 'Users who spun',
  'draws.participation': 'Part of participants who spun',
  'draws.wins': 'Prizes won',
  'draws.winRate': 'Prizes won to spins',
  'draws.open': 'Prizes not claimed yet',
  'draws.revoked': 'Revoked prizes',
  'units.outstanding': 'Issued, and neither spent nor expired',
  'shares.all': 'Shares',
  'assists.given': 'Assists',
  'traffic.confirmed': 'Confirmed attempts',
  'traffic.conversion': 'Part of attempts that were confirmed',
  'traffic.refused': 'Refused, by reason',
  'traffic.refusedIn': 'Refused, by activity and reason',
  'traffic.peakMinute': 'Most attempts in a minute'
}

const RATES = /(Rate|\.rate|\.participation|\.completion|\.conversion|\.ofUsers)$/
const CURRENCY = /^[A-Z]{3}$/

/** The section of a figure, and its title. */
export const sectionOf = (id: string): string => {
  const [first = ''] = id.split('.')
  return WITHIN[first] ?? first
}
export const sectionTitle = (section: string): string => TITLES[section] ?? section

/** `sales.averageOrder` as `Average order`; some have better words. */
export function titleOf(id: string): string {
  const known = WORDS[id]
  if (known !== undefined) return known
  const words = (id.split('.')[1] ?? id).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Which orders a figure counts, by their status; '' for all. */
const ORDERS: Readonly<Record<string, string>> = {
  'sales.orders': '',
  'sales.unpaid': 'accepted',
  'sales.cancelled': 'cancelled',
  'sales.expired': 'expired'
}

/** Where the list of what a figure counts is; undefined where there is none. */
export function listOf({ id, of }: Pick<Figure, 'id' | 'of'>, campaign: string): string | undefined {
  const status = ORDERS[id]
  return status === undefined ? undefined : ordersAt({ campaign, activity: of ?? '', status })
}

/** A value as people read it. */
export function shownAs({ id, unit }: Pick<Figure, 'id' | 'unit'>, value: number | null): string {
  if (value === null) return '–'
  if (RATES.test(id)) return `${(value * 100).toLocaleString(undefined, { maximumFractionDigits: 2 })} %`
  if (id === 'surveys.satisfaction') return value.toFixed(2)
  if (unit === null) return count(value)
  return CURRENCY.test(unit) ? money(value, unit) : `${count(value)} ${unit}`
}
