import type { HeldPrize, Reward } from './model.ts'
import type { HeldPrizeDefinition, RewardDefinition } from './shapes.ts'
import { REWARD_WORDS } from './shapes.ts'

const words: ReadonlySet<string> = new Set(REWARD_WORDS)

export const noReward: Reward = { units: {}, chances: {}, entitlement: '', doubler: null }

/** The amounts by unit of a reward, without its other fields. */
export function unitsOf(reward: RewardDefinition): Record<string, number> {
  const entries = Object.entries(reward as Record<string, unknown>)
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => !words.has(entry[0]) && typeof entry[1] === 'number')
  )
}

function prizeRules({ id, title, type, value, quota, pool, claimWithinDays, ...rest }: HeldPrizeDefinition): HeldPrize {
  return {
    id,
    title,
    type,
    value: value ?? 0,
    quota: quota ?? null,
    pool: pool ?? '',
    claimWithinDays: claimWithinDays ?? 0,
    ...rest
  }
}

function prizeDefinition({ value, quota, pool, claimWithinDays, ...rest }: HeldPrize): HeldPrizeDefinition {
  return {
    ...rest,
    ...(value > 0 ? { value } : {}),
    ...(quota === null ? {} : { quota }),
    ...(pool === '' ? {} : { pool }),
    ...(claimWithinDays > 0 ? { claimWithinDays } : {})
  }
}

export function rewardRules(reward: RewardDefinition): Reward {
  const { chances, entitlement, doubler, prize } = reward
  return {
    units: unitsOf(reward),
    chances: chances ?? {},
    entitlement: entitlement ?? '',
    doubler: doubler ? { factor: doubler.factor, hours: doubler.hours, activities: doubler.activities ?? [] } : null,
    ...(prize === undefined ? {} : { prize: prizeRules(prize) })
  }
}

/** A reward in the form of a definition, with what only operators may see; a page shows `rewardView`. */
export function rewardDefinition({ units, chances, entitlement, doubler, prize }: Reward): RewardDefinition {
  return {
    ...units,
    ...(Object.keys(chances).length > 0 ? { chances: { ...chances } } : {}),
    ...(entitlement === '' ? {} : { entitlement }),
    ...(doubler
      ? {
          doubler: {
            factor: doubler.factor,
            hours: doubler.hours,
            ...(doubler.activities.length > 0 ? { activities: [...doubler.activities] } : {})
          }
        }
      : {}),
    ...(prize === undefined ? {} : { prize: prizeDefinition(prize) })
  }
}
