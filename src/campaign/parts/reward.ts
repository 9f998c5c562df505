import type { Reward } from './model.ts'
import type { RewardDefinition } from './shapes.ts'
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

export function rewardRules(reward: RewardDefinition): Reward {
  const { chances, entitlement, doubler } = reward
  return {
    units: unitsOf(reward),
    chances: chances ?? {},
    entitlement: entitlement ?? '',
    doubler: doubler ? { factor: doubler.factor, hours: doubler.hours, activities: doubler.activities ?? [] } : null
  }
}

/** A reward in the form of a definition. */
export function rewardDefinition({ units, chances, entitlement, doubler }: Reward): RewardDefinition {
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
      : {})
  }
}
