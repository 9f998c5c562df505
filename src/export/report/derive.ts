import type { CountedFigure } from '../../store/reading/report-figures.ts'
import { figures as catalogue } from './catalogue.ts'

/** A figure of a report. */
export interface Figure {
  /** one of the catalogue */
  readonly id: string
  /** which part: an activity, a day, a channel; null for all together */
  readonly of: string | null
  /** a currency or a unit, where the value is an amount of it (in its smallest units) */
  readonly unit: string | null
  /** null: nobody counted it, which is not 0 */
  readonly value: number | null
  /** false where gateways counted it, whose messages may be lost or come twice, and where it is not known */
  readonly exact: boolean
  /** why it is not exact; null for one that is */
  readonly note: string | null
}

/** A rate that rests on two counts: of all together, and of each part where both have it. */
interface Rate {
  readonly id: string
  readonly part: string
  readonly whole: string
  /** the part of `whole` that a part is a rate of; by default the one of the same name */
  readonly within?: (of: string) => string
}

const all = (): string => ''
/** A prize is named `<activity>/<tier>/<prize>`. */
const draw = (of: string): string => of.split('/')[0] ?? ''

const RATES: readonly Rate[] = [
  { id: 'sales.paidRate', part: 'sales.paid', whole: 'sales.orders' },
  { id: 'draws.participation', part: 'draws.participants', whole: 'participants.all', within: all },
  { id: 'draws.winRate', part: 'draws.wins', whole: 'draws.spins', within: draw },
  { id: 'tasks.completion', part: 'tasks.participants', whole: 'participants.all', within: all },
  { id: 'redemptions.rate', part: 'redemptions.participants', whole: 'participants.all', within: all },
  { id: 'invites.conversion', part: 'invites.qualified', whole: 'invites.accepted' },
  { id: 'traffic.conversion', part: 'traffic.confirmed', whole: 'traffic.attempts' }
]

const INVITES = ['invites.pending', 'invites.qualified', 'invites.voided']
const NOTE = 'approximate: gateways counted it, and their messages may be lost or come twice'
const UNTOLD = 'not known: no message of a gateway about it was kept'
/** What is not known where it was not counted, and why: what none of the gateways told of, and what no service reported. */
const NOT_KNOWN: Readonly<Record<string, string>> = {
  'participants.new': 'not known: no service reported who registered',
  'traffic.attempts': UNTOLD,
  'traffic.confirmed': UNTOLD,
  'traffic.refused': UNTOLD,
  'traffic.peakMinute': UNTOLD
}
/** places behind the point of a rate: a ten-thousandth of a percent */
const PLACES = 1e6

/** A part of 1, rounded. */
const share = (part: number, whole: number): number => Math.round((part / whole) * PLACES) / PLACES

const isPlain = (rate: Rate): boolean => catalogue[rate.id]?.by === undefined

function ratesOf(counted: readonly CountedFigure[], rate: Rate): CountedFigure[] {
  const counts = (id: string, of: string): number | undefined =>
    counted.find((figure) => figure.id === id && figure.of === of)?.value
  return counted.flatMap((figure) => {
    if (figure.id !== rate.part || (figure.of !== '' && isPlain(rate))) return []
    const whole = counts(rate.whole, rate.within?.(figure.of) ?? figure.of)
    return whole === undefined || whole === 0 ? [] : [{ ...figure, id: rate.id, value: share(figure.value, whole) }]
  })
}

/** Accepted are all that were, whatever became of them. */
function accepted(counted: readonly CountedFigure[]): CountedFigure[] {
  const all = counted.filter(({ id }) => INVITES.includes(id))
  const value = all.reduce((sum, figure) => sum + figure.value, 0)
  return all.length === 0 ? [] : [{ id: 'invites.accepted', of: '', unit: '', value }]
}

/** What a campaign issued of a unit, less what was spent in it, and what of it expired; below nothing where more was spent in it than it issued. */
function outstanding(counted: readonly CountedFigure[]): CountedFigure[] {
  const whole = (id: string, unit: string) =>
    counted.find((figure) => figure.id === id && figure.of === '' && figure.unit === unit)?.value ?? 0
  return counted.flatMap((figure) => {
    const { id, of, unit, value } = figure
    if (id !== 'units.issued' || of !== '') return []
    const left = value - whole('units.spent', unit) - whole('units.expired', unit)
    return [{ ...figure, id: 'units.outstanding', value: left }]
  })
}

function ofUsers(counted: readonly CountedFigure[], users: number | undefined): CountedFigure[] {
  const all = counted.find(({ id }) => id === 'participants.all')
  if (all === undefined || users === undefined || users === 0) return []
  return [{ ...all, id: 'participants.ofUsers', value: share(all.value, users) }]
}

/** A figure of all together for everything that would have been counted, and of which nobody told. */
function notKnown(counted: readonly CountedFigure[]): Array<Omit<CountedFigure, 'value'> & { value: null }> {
  const missing = Object.keys(NOT_KNOWN).filter((id) => counted.every((figure) => figure.id !== id))
  return missing.map((id) => ({ id, of: '', unit: '', value: null }))
}

const order = new Map(Object.keys(catalogue).map((id, index) => [id, index]))

/**
 * All figures of a report in the catalogue's order, the whole of each before its parts.
 * @param counted what was counted @param users how many users there were before the campaign, where that is known
 */
export function figuresOf(counted: readonly CountedFigure[], users: number | undefined): Figure[] {
  const base = [...counted, ...accepted(counted), ...outstanding(counted)]
  const rates = RATES.flatMap((rate) => ratesOf(base, rate))
  return [...base, ...ofUsers(base, users), ...rates, ...notKnown(counted)]
    .filter(({ id, of, value }) => order.has(id) && (value !== 0 || of === ''))
    .toSorted(
      (a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0) || compare(a.unit, b.unit) || compare(a.of, b.of)
    )
    .map(({ id, of, unit, value }) => ({
      id,
      of: of === '' ? null : of,
      unit: unit === '' ? null : unit,
      value,
      ...exactness(id, value)
    }))
}

function exactness(id: string, value: number | null): Pick<Figure, 'exact' | 'note'> {
  if (value === null) return { exact: false, note: NOT_KNOWN[id] ?? null }
  return catalogue[id]?.approximate === true ? { exact: false, note: NOTE } : { exact: true, note: null }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
