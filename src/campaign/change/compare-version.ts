import { isDeepStrictEqual } from 'node:util'
import type { Rules } from '../definition/rules.ts'
import { type ActivityRules, kindOf } from '../kinds/index.ts'
import type { Refuse } from '../parts/kind.ts'
import type { Session } from '../parts/model.ts'
import { DIFFERS } from '../parts/patch.ts'
import { POINTS, scopeOf } from '../parts/scope.ts'

export function compareCampaign(inForce: Rules, target: Rules, refuse: Refuse): void {
  const pointers = {
    timezone: '/timezone',
    opensAt: '/opensAt',
    closesAt: '/closesAt',
    calendar: '/calendar',
    admission: '/admission',
    unitsPerUser: '/limits/unitsPerUser',
    policies: '/policies',
    levels: '/levels',
    levelScope: '/levelScope'
  } as const
  for (const name of Object.keys(pointers) as Array<keyof typeof pointers>) {
    if (!isDeepStrictEqual(inForce[name], target[name])) refuse(pointers[name], DIFFERS)
  }
  for (const unit of new Set([POINTS, ...Object.keys(inForce.units)])) {
    if (scopeOf(inForce.units, unit) !== scopeOf(target.units, unit)) {
      refuse('/units', `differ in ${unit}, which is in force`)
    }
    // users were promised a moment: it is as it was published
    if (inForce.units[unit]?.expiresAt !== target.units[unit]?.expiresAt) {
      refuse('/units', `differ in the expiry of ${unit}, which is in force`)
    }
  }
}

function compareSession(inForce: Session, target: Session, refuse: (field: string, detail: string) => void): void {
  for (const name of ['opensAt', 'closesAt', 'unitsPerUser'] as const) {
    if (inForce[name] !== target[name]) refuse(name, DIFFERS)
  }
  if (target.stock !== inForce.publishedStock && target.stock !== inForce.stock) {
    refuse('stock', `differs from the ${inForce.stock} in force: it is changed by PATCH with addStock`)
  }
}

function compareSessions(inForce: ActivityRules, target: ActivityRules, refuse: Refuse): void {
  for (const session of inForce.sessions) {
    const wanted = target.sessions.find((other) => other.id === session.id)
    if (!wanted) refuse('/sessions', `session ${session.id} is missing: it is in force`)
    else if (kindOf(inForce).hasSessions) {
      compareSession(session, wanted, (field, detail) =>
        refuse('/sessions', `${field} of session ${session.id} ${detail}`)
      )
    } else compareSession(session, wanted, (field, detail) => refuse(`/${field}`, detail))
  }
}

/** A value of the rules without the words of prizes that its rewards hold, which a later version may change. */
function withoutWords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutWords)
  if (typeof value !== 'object' || value === null) return value
  const { prize, ...rest } = value as { prize?: Record<string, unknown> }
  const others = Object.fromEntries(Object.entries(rest).map(([name, below]) => [name, withoutWords(below)]))
  if (prize === undefined) return others
  const { title: _title, instructions: _instructions, ...rules } = prize
  return { ...others, prize: rules }
}

/** What takes part must have, but for tickets: they are a measure against bots, and can be asked for once bots have come. */
function promisedOf({ requires }: ActivityRules) {
  const { ticket: _ticket, ...promised } = requires
  return promised
}

/** Refuses the changes of a version to an activity in force. */
export function compareActivity(inForce: ActivityRules, target: ActivityRules, refuse: Refuse): void {
  if (inForce.kind !== target.kind) {
    refuse('/kind', `differs: ${inForce.id} is a ${inForce.kind} in force`)
    return
  }
  const kind = kindOf(inForce)
  const fieldOf = (activity: ActivityRules, name: string) => (activity as unknown as Record<string, unknown>)[name]
  if (!isDeepStrictEqual(promisedOf(inForce), promisedOf(target))) refuse('/requires', DIFFERS)
  for (const name of [...kind.frozen, 'visibleFrom']) {
    const [before, after] = [fieldOf(inForce, name), fieldOf(target, name)]
    if (!isDeepStrictEqual(withoutWords(before), withoutWords(after))) refuse(`/${name}`, DIFFERS)
  }
  compareSessions(inForce, target, refuse)
  kind.compare?.(inForce, target, refuse)
}
