import { type Add, type Context, checkMoment, checkOverlaps, checkUnique, type Span } from '../../parts/check.ts'
import { minutesOf } from '../../parts/sessions.ts'
import type { SaleDefinition } from './definition.ts'

function checkSessions(sale: SaleDefinition, pointer: string, context: Context): void {
  const { add, window } = context
  const spans: Span[] = []
  const sessions = sale.sessions ?? []
  for (const [index, session] of sessions.entries()) {
    const here = `${pointer}/sessions/${index}`
    const opensAt = checkMoment(session.opensAt, `${here}/opensAt`, add)
    const closesAt = checkMoment(session.closesAt, `${here}/closesAt`, add)
    if (opensAt === undefined || closesAt === undefined) continue
    if (closesAt <= opensAt) {
      add(`${here}/closesAt`, 'must be after opensAt')
      continue
    }
    if (window && opensAt < window.opensAt) add(`${here}/opensAt`, 'is before the campaign opens')
    if (window && closesAt > window.closesAt) add(`${here}/closesAt`, 'is after the campaign closes')
    spans.push({ id: session.id, opensAt, closesAt, pointer: here })
  }
  checkUnique(
    sessions.map((session) => session.id),
    (index) => `${pointer}/sessions/${index}/id`,
    add
  )
  checkOverlaps(spans, add)
}

function checkDaily(sale: SaleDefinition, pointer: string, add: Add): void {
  for (const on of ['workdays', 'holidays']) checkDailyOn(on, sale, { pointer, add })
}

/** Checks the entries that such days have. Two entries of which one is for workdays and one for holidays never meet on a day. */
function checkDailyOn(on: string, sale: SaleDefinition, { pointer, add }: { pointer: string; add: Add }): void {
  const spans: Span[] = []
  const daily = [...(sale.daily ?? []).entries()].filter(
    ([, entry]) => entry.on === undefined || ['every', on].includes(entry.on)
  )
  for (const [index, entry] of daily) {
    const here = `${pointer}/daily/${index}`
    const opensAt = minutesOf(entry.from)
    const to = minutesOf(entry.to)
    if (opensAt === to) {
      add(`${here}/to`, 'must differ from `from`; the whole day is "00:00" to "24:00"')
      continue
    }
    const closesAt = to < opensAt ? to + 1440 : to
    spans.push({ id: entry.from, opensAt, closesAt, pointer: here })
    // A session that runs past midnight may overlap the next day's entries too.
    if (closesAt > 1440) spans.push({ id: entry.from, opensAt: opensAt - 1440, closesAt: to, pointer: here })
  }
  checkUnique(
    daily.map(([, entry]) => entry.from),
    (place) => `${pointer}/daily/${daily[place]?.[0]}/from`,
    add
  )
  checkOverlaps(spans, add)
}

export const FOR_NOTHING = 'is 0: to sell for nothing, say "free": true beside it'
export const NOT_FREE = 'stands beside a price: what is free has the price 0'

/** Also checked when other fields of the sale are wrong: a wrong price costs more than any other mistake. */
export function checkPrice(sale: Partial<SaleDefinition>, pointer: string, add: Add): void {
  const { listPrice, price, free } = sale
  if (price === 0 && free !== true) add(`${pointer}/price`, FOR_NOTHING)
  if (typeof price === 'number' && price > 0 && free === true) add(`${pointer}/free`, NOT_FREE)
  if (typeof listPrice === 'number' && typeof price === 'number' && price >= listPrice) {
    add(`${pointer}/price`, `must be below the list price ${listPrice}, but is ${price}`)
  }
}

/** Checks what the schema of a sale cannot say. */
export function checkSale(sale: SaleDefinition, pointer: string, context: Context): void {
  const { add } = context
  if (sale.sessions && sale.daily) add(`${pointer}/daily`, 'must not stand beside sessions: give one or the other')
  if (!sale.sessions && !sale.daily) add(`${pointer}/sessions`, 'is missing: give sessions, or daily')
  if (sale.sessions) checkSessions(sale, pointer, context)
  if (sale.daily) checkDaily(sale, pointer, add)
}
