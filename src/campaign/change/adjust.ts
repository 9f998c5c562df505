import { compileWithFollowers } from '../definition/compile.ts'
import { findActivity, type Rules, withActivity } from '../definition/rules.ts'
import { namedHeldPrize, stockItems } from '../definition/stock.ts'
import { kindOf } from '../kinds/index.ts'
import { Contradiction } from '../parts/contradiction.ts'
import type { Changed, LimitChanges, Prices } from '../parts/patch.ts'
import { type Adjusted, addStock, changedPuts, type Draft, guarded, kindNames, naming, nothing } from './draft.ts'
import type { ActivityPatch } from './patch.ts'
import { applyEnd, applySession, meantSession } from './sessions.ts'

/** Changes the stock of a session or the quota of a prize. */
function applyStock(draft: Draft, delta: number, named: { prize: string | undefined; session: string | undefined }) {
  const { activity, data } = draft
  const { stock } = kindOf(activity)
  if (delta === 0) throw new Contradiction('/addStock', 'must not be 0')
  const held = named.prize === undefined ? undefined : namedHeldPrize(activity, named.prize)
  if (held) {
    data.prize = held.id
    addStock(draft, held.id, delta)
  } else if (!stock && stockItems(activity).length > 0) {
    const detail =
      named.prize === undefined
        ? 'is missing: name the prize whose quota is meant'
        : `${activity.id} has no prize ${named.prize}`
    throw new Contradiction('/prize', detail)
  } else if (!stock) throw new Contradiction('/addStock', `${naming(activity)}, which has no stock`)
  else if (named.prize !== undefined) {
    if (!stock.named) throw noPrizes(draft, '/prize')
    data.prize = stock.named(activity, named.prize)
    addStock(draft, named.prize, delta)
  } else if (stock.of === 'prize') {
    throw new Contradiction('/prize', `is missing: name the prize of ${activity.id} whose quota is meant`)
  } else {
    const session = meantSession(draft, named.session)
    data.session = session.id
    addStock(draft, session.id, delta)
  }
  data.addStock = delta
}

function noPrizes({ activity }: Draft, pointer: string): Contradiction {
  const others = kindNames(({ weights }) => weights !== undefined)
  return new Contradiction(pointer, `${naming(activity)}; only ${others} have prizes and weights`)
}

function take(draft: Draft, { activity, data }: Changed<Draft['activity']>): void {
  draft.activity = activity
  Object.assign(draft.data, data)
}

/** Changes a price in money and its list price, or a cost in its unit. */
function applyPrices(draft: Draft, prices: Prices): void {
  const { activity } = draft
  const { price } = kindOf(activity)
  for (const name of ['listPrice', 'free'] as const) {
    if (prices[name] === undefined || price?.in === 'money') continue
    const others = kindNames((kind) => kind.price?.in === 'money')
    throw new Contradiction(`/${name}`, `${naming(activity)}; only ${others} are sold for money`)
  }
  if (price) take(draft, price.changed(activity, prices))
  else if (prices.price !== undefined) {
    const others = kindNames((kind) => kind.price !== undefined)
    throw new Contradiction('/price', `${naming(activity)}; only ${others} have a price`)
  }
}

/** Changes the limits that are named. */
function applyLimits(draft: Draft, changes: LimitChanges): void {
  const { activity, data } = draft
  const { limits } = kindOf(activity)
  for (const name of Object.keys(changes)) {
    if (limits && Object.hasOwn(limits.fields, name)) continue
    throw new Contradiction(`/limits/${name}`, `${naming(activity)}, which has no such limit`)
  }
  data.limits = changes
  if (limits) draft.activity = limits.changed(activity, changes)
}

function applyWeights(draft: Draft, changes: Readonly<Record<string, number>>): void {
  const { weights } = kindOf(draft.activity)
  if (!weights) throw noPrizes(draft, '/weights')
  take(draft, weights.changed(draft.activity, changes))
}

function checkBeside({ session, addStock: delta, closesAt, prize }: ActivityPatch): void {
  if (prize !== undefined && delta === undefined) {
    throw new Contradiction('/prize', 'names the prize for addStock, which is missing')
  }
  if (typeof session !== 'object') return
  if (session.stock !== undefined && delta !== undefined) {
    throw new Contradiction('/addStock', 'must not stand beside the stock of a session')
  }
  if (session.closesAt !== undefined && closesAt !== undefined) {
    throw new Contradiction('/closesAt', 'must not stand beside closesAt of a session')
  }
}

function applyPatch(draft: Draft, body: ActivityPatch): void {
  const { session, addStock: delta, closesAt, limits, weights, paused, prize } = body
  const name = typeof session === 'string' ? session : session?.id
  checkBeside(body)
  if (typeof session === 'object') applySession(draft, session)
  if (closesAt !== undefined) applyEnd(draft, closesAt, name)
  if (delta !== undefined) applyStock(draft, delta, { prize, session: name })
  applyPrices(draft, body)
  if (limits !== undefined) applyLimits(draft, limits)
  if (weights !== undefined) applyWeights(draft, weights)
  if (paused !== undefined) {
    draft.activity = { ...draft.activity, paused }
    draft.data.paused = paused
  }
}

/**
 * An adjustment of one activity, checked against the rules in force.
 * @param target.activity its id; the rules must have it
 * @param target.now ms since 1970
 * @param body a body that passed the schema `ActivityPatch`
 */
export function adjustActivity(rules: Rules, target: { activity: string; now: number }, body: ActivityPatch): Adjusted {
  return guarded(() => {
    const before = findActivity(rules, target.activity)
    if (!before) throw new Error(`${rules.id} has no activity ${target.activity}`)
    const draft: Draft = { activity: before, rules, adds: [], data: {}, now: target.now }
    applyPatch(draft, body)
    if (Object.keys(draft.data).length === 0) return nothing
    const after = withActivity(rules, draft.activity)
    const puts = changedPuts(compileWithFollowers(rules, before.id), compileWithFollowers(after, before.id))
    const data = { activity: before.id, ...draft.data }
    return { ok: true, rules: after, puts, adds: draft.adds, type: 'campaign.adjusted', data }
  })
}
