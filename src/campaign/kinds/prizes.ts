import type { WantedCodes } from '../parts/kind.ts'
import type { AnyPrize } from '../parts/model.ts'
import { type ActivityRules, kindOf } from './index.ts'

/** The prizes that the rewards of an activity hold, each with the quota that operators asked for so far. */
export function heldPrizesOf(activity: ActivityRules): AnyPrize[] {
  const rewards = kindOf(activity).rewards?.(activity) ?? []
  return rewards.flatMap((reward) => {
    const prize = reward?.prize
    if (prize === undefined) return []
    const quota = prize.quota === null ? null : prize.quota + (activity.addedQuota?.[prize.id] ?? 0)
    return [{ ...prize, quota, tier: 0, subPrizes: [] }]
  })
}

// an object of rules is never changed, only replaced, so it can be a key
const known = new WeakMap<ActivityRules, readonly AnyPrize[]>()

/** The prizes that users can win in an activity: those of a draw, and those that rewards hold; instructions are at least those of the activity. */
export function prizesOf(activity: ActivityRules): readonly AnyPrize[] {
  const found = known.get(activity)
  if (found !== undefined) return found
  const own = [...('prizes' in activity ? activity.prizes : []), ...heldPrizesOf(activity)]
  const { instructions } = activity
  const prizes = own.map((prize) =>
    instructions === undefined || prize.instructions !== undefined ? prize : { ...prize, instructions }
  )
  known.set(activity, prizes)
  return prizes
}

/** The units of an activity that need a code each: of its kind, and of prizes in its rewards. @param pointer of the activity */
export function wantedCodesOf(activity: ActivityRules, pointer: string): WantedCodes[] {
  const held = heldPrizesOf(activity).flatMap(({ pool, quota }) =>
    pool === '' ? [] : [{ pointer, pool, units: quota }]
  )
  return [...(kindOf(activity).codes?.(activity, pointer) ?? []), ...held]
}

const pools = new WeakMap<ActivityRules, string>()

/** The code pools of an activity's prizes, joined by commas: a command of the gate has to name them. */
export function poolsOf(activity: ActivityRules): string {
  const found = pools.get(activity)
  if (found !== undefined) return found
  const names = prizesOf(activity).flatMap(({ pool }) => (pool === '' ? [] : [pool]))
  const joined = [...new Set(names)].join()
  pools.set(activity, joined)
  return joined
}
