import type { ActivityPatch, CampaignPatch, SessionChange } from './adjust-body.ts'
import { type AddEntry, activityKey, compileLimits, compileSale, compileShipBy, type Put, stockKey } from './compile.ts'
import type { DefinitionError } from './definition.ts'
import { momentOf } from './local-time.ts'
import { packSessions } from './packed.ts'
import { findSale, MAX_SESSIONS, type Rules, type Sale, type Session, withSale } from './rules.ts'

/** What an adjustment leads to: the rules then in force, and what the gate is to write. */
export interface Adjustment {
  readonly ok: true
  readonly rules: Rules
  readonly puts: readonly Put[]
  readonly adds: readonly AddEntry[]
  readonly type: 'campaign.adjusted'
  /** what changed, for the journal, the event and the audit */
  readonly data: Record<string, unknown>
}

export type Adjusted = Adjustment | { readonly ok: false; readonly errors: DefinitionError[] }

/** The value of an adjustment is right in itself and contradicts what is in force. */
class Contradiction extends Error {
  readonly pointer: string
  constructor(pointer: string, detail: string) {
    super(detail)
    this.pointer = pointer
  }
}

function momentAt(text: string, pointer: string): number {
  const value = momentOf(text)
  if (value === undefined) throw new Contradiction(pointer, 'there is no such moment')
  return value
}

const iso = (value: number) => new Date(value).toISOString()

/**
 * The session that an operator means who names none: the only one, else the open one, else the next to open.
 */
function meantSession(sale: Sale, name: string | undefined, now: number): Session {
  if (name !== undefined) {
    const named = sale.sessions.find((session) => session.id === name)
    if (!named) throw new Contradiction('/session', `${sale.id} has no session ${name}`)
    return named
  }
  const [only, ...others] = sale.sessions
  const meant = others.length === 0 ? only : sale.sessions.find((session) => session.closesAt > now)
  if (!meant) throw new Contradiction('/session', 'is missing: every session has closed, so name the one that is meant')
  return meant
}

/** One adjustment of one sale, step by step: rules, stock and what is told about it. */
interface Draft {
  sale: Sale
  readonly rules: Rules
  readonly adds: AddEntry[]
  readonly data: Record<string, unknown>
  readonly now: number
}

function checkSession(draft: Draft, session: Session, pointer: string): void {
  const { rules, sale, now } = draft
  if (session.closesAt <= session.opensAt) throw new Contradiction(`${pointer}/closesAt`, 'must be after opensAt')
  if (session.closesAt <= now) throw new Contradiction(`${pointer}/closesAt`, 'is in the past; to stop at once, pause')
  if (session.opensAt < rules.opensAt) throw new Contradiction(`${pointer}/opensAt`, 'is before the campaign opens')
  if (session.closesAt > rules.closesAt) {
    throw new Contradiction(
      `${pointer}/closesAt`,
      `is after the campaign closes (${iso(rules.closesAt)}); extend the campaign first`
    )
  }
  const overlapped = sale.sessions.find(
    (other) => other.id !== session.id && session.opensAt < other.closesAt && other.opensAt < session.closesAt
  )
  if (overlapped) throw new Contradiction(pointer || '/closesAt', `overlaps session ${overlapped.id}`)
}

function setSession(draft: Draft, session: Session): void {
  const others = draft.sale.sessions.filter((other) => other.id !== session.id)
  const sessions = [...others, session].sort((a, b) => a.opensAt - b.opensAt)
  draft.sale = { ...draft.sale, sessions }
}

function addStock(draft: Draft, session: Session, delta: number): void {
  draft.adds.push([stockKey(draft.rules.id, draft.sale.id), `${session.id}:remaining`, delta])
  // may be below zero until the gate has told what it really took
  setSession(draft, { ...session, stock: session.stock + delta })
  draft.data.addStock = delta
  draft.data.session = session.id
}

function addSession(draft: Draft, change: SessionChange): void {
  const { opensAt, closesAt, stock } = change
  const missing = (['opensAt', 'closesAt', 'stock'] as const).filter((name) => change[name] === undefined)
  if (opensAt === undefined || closesAt === undefined || stock === undefined) {
    throw new Contradiction(`/session/${missing[0]}`, `is missing: ${change.id} is a new session`)
  }
  const count = draft.rules.activities.reduce((sum, sale) => sum + sale.sessions.length, 0)
  if (count >= MAX_SESSIONS) throw new Contradiction('/session', `a campaign has at most ${MAX_SESSIONS} sessions`)
  const session: Session = {
    id: change.id,
    opensAt: momentAt(opensAt, '/session/opensAt'),
    closesAt: momentAt(closesAt, '/session/closesAt'),
    stock,
    publishedStock: stock,
    unitsPerUser: change.unitsPerUser ?? 0,
    paused: change.paused ?? false
  }
  checkSession(draft, session, '/session')
  setSession(draft, session)
  draft.adds.push([stockKey(draft.rules.id, draft.sale.id), `${session.id}:remaining`, stock])
  draft.data.session = change
}

function changeSession(draft: Draft, before: Session, change: SessionChange): void {
  const { opensAt, closesAt, stock, unitsPerUser, paused } = change
  const session: Session = {
    ...before,
    ...(opensAt === undefined ? {} : { opensAt: momentAt(opensAt, '/session/opensAt') }),
    ...(closesAt === undefined ? {} : { closesAt: momentAt(closesAt, '/session/closesAt') }),
    ...(unitsPerUser === undefined ? {} : { unitsPerUser: unitsPerUser ?? 0 }),
    ...(paused === undefined ? {} : { paused })
  }
  if (session.opensAt !== before.opensAt && before.opensAt <= draft.now) {
    throw new Contradiction('/session/opensAt', `${before.id} has opened already`)
  }
  if (opensAt !== undefined || closesAt !== undefined) checkSession(draft, session, '/session')
  setSession(draft, session)
  if (stock !== undefined) addStock(draft, session, stock - before.stock)
  draft.data.session = change
}

function applyPatch(draft: Draft, body: ActivityPatch): void {
  const { session, addStock: delta, closesAt, price, limits, paused } = body
  const name = typeof session === 'string' ? session : session?.id
  const known = draft.sale.sessions.find((other) => other.id === name)
  const current = () => meantSession(draft.sale, name, draft.now)
  if (typeof session === 'object') {
    if (session.stock !== undefined && delta !== undefined) {
      throw new Contradiction('/addStock', 'must not stand beside the stock of a session')
    }
    if (session.closesAt !== undefined && closesAt !== undefined) {
      throw new Contradiction('/closesAt', 'must not stand beside closesAt of a session')
    }
    if (!known) addSession(draft, session)
    else if (Object.keys(session).length > 1) changeSession(draft, known, session)
  }
  if (closesAt !== undefined) {
    const longer = { ...current(), closesAt: momentAt(closesAt, '/closesAt') }
    checkSession(draft, longer, '')
    setSession(draft, longer)
    Object.assign(draft.data, { closesAt: iso(longer.closesAt), session: draft.data.session ?? longer.id })
  }
  if (delta !== undefined) {
    if (delta === 0) throw new Contradiction('/addStock', 'must not be 0')
    addStock(draft, current(), delta)
  }
  if (price !== undefined) {
    const { listPrice } = draft.sale
    if (listPrice !== undefined && price >= listPrice) {
      throw new Contradiction('/price', `must be below the list price ${listPrice}, but is ${price}`)
    }
    draft.data.price = price
    draft.data.priceBefore = draft.sale.price
    draft.sale = { ...draft.sale, price }
  }
  if (limits !== undefined) {
    draft.sale = { ...draft.sale, unitsPerUser: limits.unitsPerUser ?? 0 }
    draft.data.limits = limits
  }
  if (paused !== undefined) {
    draft.sale = { ...draft.sale, paused }
    draft.data.paused = paused
  }
}

/** The values of compiled rules that differ from those in force: an adjustment writes these only. */
function changedPuts(before: readonly Put[], after: readonly Put[]): Put[] {
  return after.filter(([, field, value]) => !before.some((put) => put[1] === field && put[2] === value))
}

function guarded(work: () => Adjusted): Adjusted {
  try {
    return work()
  } catch (error) {
    if (error instanceof Contradiction) {
      return { ok: false, errors: [{ pointer: error.pointer, detail: error.message }] }
    }
    throw error
  }
}

const nothing: Adjusted = { ok: false, errors: [{ pointer: '', detail: 'asks for no change' }] }

/**
 * An adjustment of one activity, checked against the rules in force.
 * @param target.activity its id; must be one of the rules
 * @param target.now ms since 1970
 * @param body what passed the schema `ActivityPatch`
 */
export function adjustActivity(rules: Rules, target: { activity: string; now: number }, body: ActivityPatch): Adjusted {
  return guarded(() => {
    const before = findSale(rules, target.activity)
    if (!before) throw new Error(`${rules.id} has no activity ${target.activity}`)
    const draft: Draft = { sale: before, rules, adds: [], data: {}, now: target.now }
    applyPatch(draft, body)
    if (Object.keys(draft.data).length === 0) return nothing
    const puts = changedPuts(compileSale(rules, before), compileSale(rules, draft.sale))
    const data = { activity: before.id, ...draft.data }
    return { ok: true, rules: withSale(rules, draft.sale), puts, adds: draft.adds, type: 'campaign.adjusted', data }
  })
}

/** Sessions that last until the campaign's end go on doing so when the end moves. */
function moveEnd(rules: Rules, closesAt: number, now: number): Rules {
  if (closesAt <= now) throw new Contradiction('/closesAt', 'is in the past; to stop at once, end the campaign')
  if (closesAt <= rules.opensAt) throw new Contradiction('/closesAt', 'must be after opensAt')
  if (closesAt - rules.opensAt > 400 * 24 * 3600 * 1000) {
    throw new Contradiction('/closesAt', 'must be at most 400 days after opensAt')
  }
  const activities = rules.activities.map((sale) => ({
    ...sale,
    sessions: sale.sessions.map((session) => {
      const moved = session.closesAt === rules.closesAt ? { ...session, closesAt } : session
      if (moved.closesAt > closesAt || moved.closesAt <= moved.opensAt) {
        throw new Contradiction(
          '/closesAt',
          `session ${session.id} of ${sale.id} lasts longer, until ${iso(session.closesAt)}`
        )
      }
      return moved
    })
  }))
  return { ...rules, closesAt, activities }
}

/** `ship_by` and `sessions` of each sale, which depend on the campaign's window. */
function windowPuts(rules: Rules): Put[] {
  return rules.activities.flatMap((sale) => {
    const key = activityKey(rules.id, sale.id)
    return [
      [key, 'ship_by', compileShipBy(rules, sale)],
      [key, 'sessions', packSessions(sale.sessions)]
    ] satisfies Put[]
  })
}

/**
 * An adjustment of the campaign itself.
 * @param now ms since 1970
 * @param body what passed the schema `CampaignPatch`
 */
export function adjustCampaign(rules: Rules, now: number, body: CampaignPatch): Adjusted {
  return guarded(() => {
    const { closesAt, admission, limits } = body
    const data: Record<string, unknown> = {}
    let after = rules
    if (closesAt !== undefined) {
      after = moveEnd(after, momentAt(closesAt, '/closesAt'), now)
      data.closesAt = iso(after.closesAt)
    }
    if (admission !== undefined) {
      after = { ...after, admission }
      data.admission = admission
    }
    if (limits !== undefined) {
      after = { ...after, unitsPerUser: limits.unitsPerUser ?? 0 }
      data.limits = limits
    }
    if (Object.keys(data).length === 0) return nothing
    const moved = windowPuts(after)
    const keys = new Map(windowPuts(rules).map(([key, field, value]) => [`${key} ${field}`, value]))
    const puts = [
      ...changedPuts(compileLimits(rules), compileLimits(after)),
      ...moved.filter(([key, field, value]) => keys.get(`${key} ${field}`) !== value)
    ]
    return { ok: true, rules: after, puts, adds: [], type: 'campaign.adjusted', data }
  })
}
