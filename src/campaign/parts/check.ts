import { momentOf, NO_MOMENT } from '../../base/moment.ts'
import type { Window } from './context.ts'
import { pointerStep, shown } from './explain.ts'
import { WHOLE } from './model.ts'
import { unitsOf } from './reward.ts'
import { scopeOf, type Units } from './scope.ts'
import { codeTypes, type HeldPrizeDefinition, type RewardDefinition } from './shapes.ts'

const FIRST_YEAR = Date.UTC(2000, 0)
const LAST_YEAR = Date.UTC(2100, 0)

/** Adds one error. */
export type Add = (pointer: string, detail: string) => void

/** What a check of an activity knows of the definition around it. */
export interface Context {
  readonly add: Add
  readonly window: Window | undefined
  readonly units: Units | undefined
  /** kind by id of all activities, even of those with other errors */
  readonly kindById: ReadonlyMap<string, unknown>
  /** the kinds of which users may have chances */
  readonly withChances: readonly string[]
  /** the kinds that users complete, such as tasks */
  readonly completed: readonly string[]
  /** the kinds whose sessions users can reserve */
  readonly reserved: readonly string[]
  /** the kinds that are paid in money, such as sales */
  readonly inMoney: readonly string[]
  /** the currencies of all activities */
  readonly currencies: ReadonlySet<string>
}

export function checkMoment(text: string, pointer: string, add: Add): number | undefined {
  const value = momentOf(text)
  if (value === undefined) add(pointer, NO_MOMENT)
  else if (value < FIRST_YEAR || value >= LAST_YEAR) add(pointer, 'must lie between the years 2000 and 2099')
  else return value
  return undefined
}

export function checkUnique(ids: ReadonlyArray<string | number>, pointerOf: (index: number) => string, add: Add): void {
  const seen = new Set<string | number>()
  for (const [index, id] of ids.entries()) {
    if (seen.has(id)) add(pointerOf(index), `${shown(id)} is used twice`)
    seen.add(id)
  }
}

/** When one of several sessions is open, and where it stands in the definition. */
export interface Span {
  readonly id: string
  readonly opensAt: number
  readonly closesAt: number
  readonly pointer: string
}

/** Sessions of one activity must not overlap: at any moment at most one is open. */
export function checkOverlaps(spans: readonly Span[], add: Add): void {
  const sorted = spans.toSorted((a, b) => a.opensAt - b.opensAt)
  for (const [index, span] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before && span.opensAt < before.closesAt) add(span.pointer, `overlaps session ${shown(before.id)}`)
  }
}

/** Checks the window of an activity with one session: it lies inside the campaign's, whose times replace missing ones. */
export function checkOwnWindow(
  activity: { readonly opensAt?: string; readonly closesAt?: string },
  pointer: string,
  { add, window }: Context
): void {
  const { opensAt: from, closesAt: to } = activity
  const opensAt = from === undefined ? window?.opensAt : checkMoment(from, `${pointer}/opensAt`, add)
  const closesAt = to === undefined ? window?.closesAt : checkMoment(to, `${pointer}/closesAt`, add)
  if (opensAt === undefined || closesAt === undefined) return
  if (closesAt <= opensAt) {
    add(`${pointer}/${to === undefined ? 'opensAt' : 'closesAt'}`, 'leaves no time: closesAt must be after opensAt')
    return
  }
  if (window && opensAt < window.opensAt) add(`${pointer}/opensAt`, 'is before the campaign opens')
  if (window && closesAt > window.closesAt) add(`${pointer}/closesAt`, 'is after the campaign closes')
}

/** Checks names of units: the campaign must have each of them. */
export function checkUnits(names: readonly string[], pointer: string, { add, units }: Pick<Context, 'add' | 'units'>) {
  for (const name of names) {
    if (scopeOf(units, name) === undefined) {
      add(`${pointer}/${pointerStep(name)}`, 'is no unit of this campaign: declare it in /units')
    }
  }
}

function checkReferred(
  ids: readonly string[],
  kinds: readonly string[],
  at: { context: Context; pointerOf: (index: number) => string }
) {
  for (const [index, id] of ids.entries()) {
    if (kinds.some((kind) => kind === at.context.kindById.get(id))) continue
    at.context.add(at.pointerOf(index), `there is no ${kinds.join(' or ')} ${shown(id)}`)
  }
}

/** Checks ids: each must be of an activity of this campaign that users complete, such as a task. */
export function checkCompleted(ids: readonly string[], pointer: string, context: Context): void {
  checkReferred(ids, context.completed, { context, pointerOf: (index) => `${pointer}/${index}` })
}

/** Checks the activity whose sessions users reserve. */
export function checkReserved(id: string, pointer: string, context: Context): void {
  checkReferred([id], context.reserved, { context, pointerOf: () => pointer })
}

/** Checks what only some prizes may have. The stock of an activity that is one whole is counted as `all`. */
function checkHeldPrize({ id, type, pool }: HeldPrizeDefinition, pointer: string, add: Add): void {
  if (id === WHOLE) add(`${pointer}/id`, `must not be ${shown(WHOLE)}, which names the stock of a whole activity`)
  if (pool !== undefined && !codeTypes.has(type)) {
    add(`${pointer}/pool`, `must not stand here: codes are for ${[...codeTypes].join(', ')}`)
  }
}

/** Checks the units that a reward names, the activities of its chances and its doubler, and its prize. */
export function checkReward(reward: RewardDefinition, pointer: string, context: Context): void {
  if (reward.prize) checkHeldPrize(reward.prize, `${pointer}/prize`, context.add)
  checkUnits(Object.keys(unitsOf(reward)), pointer, context)
  const ids = Object.keys(reward.chances ?? {})
  checkReferred(ids, context.withChances, { context, pointerOf: (index) => `${pointer}/chances/${ids[index]}` })
  checkCompleted(reward.doubler?.activities ?? [], `${pointer}/doubler/activities`, context)
}
