import { isDeepStrictEqual } from 'node:util'
import type { Rules } from '../definition/rules.ts'
import type { Draw, Prize } from '../kinds/draw/rules.ts'
import type { ActivityRules } from '../kinds/index.ts'
import type { Session } from '../parts/model.ts'
import { POINTS, scopeOf } from '../parts/scope.ts'

/** Tells where a version differs from what is in force; pointers are relative to what is compared. */
export type Refuse = (pointer: string, detail: string) => void

const byPatch = 'it is in force and is changed by PATCH'

export function compareCampaign(inForce: Rules, target: Rules, refuse: Refuse): void {
  const pointers = {
    timezone: '/timezone',
    opensAt: '/opensAt',
    closesAt: '/closesAt',
    admission: '/admission',
    unitsPerUser: '/limits/unitsPerUser',
    policies: '/policies'
  } as const
  for (const name of Object.keys(pointers) as Array<keyof typeof pointers>) {
    if (!isDeepStrictEqual(inForce[name], target[name])) refuse(pointers[name], `differs: ${byPatch}`)
  }
  for (const unit of new Set([POINTS, ...Object.keys(inForce.units)])) {
    if (scopeOf(inForce.units, unit) !== scopeOf(target.units, unit)) {
      refuse('/units', `differ in ${unit}, which is in force`)
    }
  }
}

function compareSession(inForce: Session, target: Session, refuse: (field: string, detail: string) => void): void {
  for (const name of ['opensAt', 'closesAt', 'unitsPerUser'] as const) {
    if (inForce[name] !== target[name]) refuse(name, `differs: ${byPatch}`)
  }
  if (target.stock !== inForce.publishedStock && target.stock !== inForce.stock) {
    refuse('stock', `differs from the ${inForce.stock} in force: it is changed by PATCH with addStock`)
  }
}

function compareSessions(inForce: ActivityRules, target: ActivityRules, refuse: Refuse): void {
  for (const session of inForce.sessions) {
    const wanted = target.sessions.find((other) => other.id === session.id)
    if (!wanted) refuse('/sessions', `session ${session.id} is missing: it is in force`)
    else if (inForce.kind === 'sale') {
      compareSession(session, wanted, (field, detail) =>
        refuse('/sessions', `${field} of session ${session.id} ${detail}`)
      )
    } else compareSession(session, wanted, (field, detail) => refuse(`/${field}`, detail))
  }
}

/** What counts of a prize; its words and how it is shown may change. */
function withoutWords({
  title: _title,
  display: _display,
  quota: _quota,
  publishedQuota: _published,
  ...prize
}: Prize) {
  return { ...prize, subPrizes: prize.subPrizes.map(({ title: _words, ...sub }) => sub) }
}

function comparePrize(inForce: Prize, target: Prize, refuse: Refuse): void {
  if (target.quota !== inForce.publishedQuota && target.quota !== inForce.quota) {
    refuse('/quota', `differs from the ${inForce.quota} in force: it is changed by PATCH with prize and addStock`)
  }
  const [before, after] = [withoutWords(inForce), withoutWords(target)]
  for (const name of Object.keys(before) as Array<keyof typeof before>) {
    if (!isDeepStrictEqual(before[name], after[name])) refuse(`/${name}`, `differs: ${byPatch}`)
  }
}

/** Weights by level of the prizes that are in force. */
function levelWeights(draw: Draw, known: ReadonlySet<string>) {
  return draw.weightsByLevel.map(({ level, weights }) => ({
    level,
    weights: Object.fromEntries(Object.entries(weights).filter(([id]) => known.has(id)))
  }))
}

function comparePrizes(inForce: Draw, target: Draw, refuse: Refuse): void {
  for (const prize of inForce.prizes) {
    const index = target.prizes.findIndex(({ id }) => id === prize.id)
    const wanted = target.prizes[index]
    if (!wanted) refuse('/prizes', `prize ${prize.id} is missing: it is in force`)
    else comparePrize(prize, wanted, (pointer, detail) => refuse(`/prizes/${index}${pointer}`, detail))
  }
  const known = new Set(inForce.prizes.map(({ id }) => id))
  if (!isDeepStrictEqual(levelWeights(inForce, known), levelWeights(target, known))) {
    refuse('/weightsByLevel', 'differ for prizes in force')
  }
}

/** Fields that a later version cannot change, by kind, beside sessions and prizes. */
const fixed = {
  sale: ['sku', 'listPrice', 'price', 'currency', 'unitsPerUser', 'payWithinSeconds', 'shipWithin'],
  draw: ['cost', 'chances', 'limits', 'fallback'],
  task: ['per', 'goal', 'after', 'tier', 'reward', 'streak'],
  redemption: ['cost', 'unitsPerUser', 'pool']
} as const satisfies Record<ActivityRules['kind'], readonly string[]>

/** What of an activity in force a version would change. */
export function compareActivity(inForce: ActivityRules, target: ActivityRules, refuse: Refuse): void {
  if (inForce.kind !== target.kind) {
    refuse('/kind', `differs: ${inForce.id} is a ${inForce.kind} in force`)
    return
  }
  const fieldOf = (activity: ActivityRules, name: string) => (activity as unknown as Record<string, unknown>)[name]
  for (const name of [...fixed[inForce.kind], 'requires', 'visibleFrom']) {
    if (!isDeepStrictEqual(fieldOf(inForce, name), fieldOf(target, name))) refuse(`/${name}`, `differs: ${byPatch}`)
  }
  compareSessions(inForce, target, refuse)
  if (inForce.kind === 'draw' && target.kind === 'draw') comparePrizes(inForce, target, refuse)
}
