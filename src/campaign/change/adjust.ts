import { findActivity, type Rules, withActivity } from '../definition/rules.ts'
import { compileActivity } from '../kinds/index.ts'
import { applyLimits, applyPrices, applyWeights, meantPrize } from './kinds.ts'
import { type Adjusted, addStock, Contradiction, changedPuts, type Draft, guarded, nothing } from './parts.ts'
import type { ActivityPatch } from './patch.ts'
import { applyEnd, applySession, meantSession } from './sessions.ts'

/** Stock of the session that is meant, or the quota of the prize. */
function applyStock(draft: Draft, delta: number, named: { prize: string | undefined; session: string | undefined }) {
  const { activity, data } = draft
  if (delta === 0) throw new Contradiction('/addStock', 'must not be 0')
  if (activity.kind === 'task') throw new Contradiction('/addStock', `${activity.id} is a task, which has no stock`)
  if (named.prize !== undefined) {
    data.prize = meantPrize(draft, named.prize)
    addStock(draft, named.prize, delta)
  } else if (activity.kind === 'draw') {
    throw new Contradiction('/prize', `is missing: name the prize of ${activity.id} whose quota is meant`)
  } else {
    const session = meantSession(draft, named.session)
    data.session = session.id
    addStock(draft, session.id, delta)
  }
  data.addStock = delta
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
 * @param target.activity its id; must be one of the rules
 * @param target.now ms since 1970
 * @param body what passed the schema `ActivityPatch`
 */
export function adjustActivity(rules: Rules, target: { activity: string; now: number }, body: ActivityPatch): Adjusted {
  return guarded(() => {
    const before = findActivity(rules, target.activity)
    if (!before) throw new Error(`${rules.id} has no activity ${target.activity}`)
    const draft: Draft = { activity: before, rules, adds: [], data: {}, now: target.now }
    applyPatch(draft, body)
    if (Object.keys(draft.data).length === 0) return nothing
    const puts = changedPuts(compileActivity(rules, before), compileActivity(rules, draft.activity))
    const after = withActivity(rules, draft.activity)
    const data = { activity: before.id, ...draft.data }
    return { ok: true, rules: after, puts, adds: draft.adds, type: 'campaign.adjusted', data }
  })
}
