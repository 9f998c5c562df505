import { amountOf, commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Amount, Reward } from '../../parts/model.ts'
import { noReward, rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { Localized } from '../../parts/shapes.ts'
import type { DrawDefinition, PrizeDefinition, PrizeType } from './definition.ts'

interface SubPrize {
  readonly id: string
  readonly title: Localized
  readonly weight: number
  readonly reward: Reward | null
}

/** A prize in force; 0 and '' mean "none". `quota` is what operators asked for so far, null without a quota. */
export interface Prize {
  readonly id: string
  readonly tier: number
  readonly title: Localized
  readonly type: PrizeType
  readonly quota: number | null
  readonly publishedQuota: number | null
  readonly weight: number
  /** minor units of money, or points; for accounting and for the page */
  readonly value: number
  readonly minSpins: number
  readonly guaranteedAfter: number
  readonly release: 'even' | 'atOnce'
  readonly claimWithinDays: number
  /** what it credits at once, by its type; null for a prize that users claim, and for type `nothing` */
  readonly reward: Reward | null
  readonly subPrizes: readonly SubPrize[]
  readonly pool: string
  readonly supplier?: string
  /** shown to its winner alone */
  readonly instructions?: Localized
  readonly display?: { readonly image?: string; readonly color?: string; readonly order?: number }
}

/** 0 for "no limit" */
interface DrawLimits {
  readonly perDay: number
  readonly perCampaign: number
  readonly winsPerCampaign: number
  /** by tier; a tier without an entry has no limit */
  readonly winsPerTier: Readonly<Record<string, number>>
}

/** A draw in force: it has `cost` or `chances`; with neither, a spin is free. */
export interface Draw extends ActivityBase {
  readonly kind: 'draw'
  readonly cost: Amount | null
  /** `extraPerDay` 0: no limit of extra chances */
  readonly chances: { readonly daily: number; readonly extraPerDay: number } | null
  readonly limits: DrawLimits
  readonly fallback: string
  readonly prizes: readonly Prize[]
  /** sorted by level; a prize without an entry keeps its own weight */
  readonly weightsByLevel: ReadonlyArray<{ readonly level: number; readonly weights: Readonly<Record<string, number>> }>
}

/** Types of prizes that are credited at once; all others but `nothing` are claimed. */
const creditedTypes: ReadonlySet<PrizeType> = new Set(['points', 'chances', 'eligibility', 'doubler'])

export const isCredited = (type: PrizeType): boolean => creditedTypes.has(type)

/** The weight that a record of weights gives a prize, or the prize's own. */
export function weightIn(weights: Readonly<Record<string, number>>, prize: { id: string; weight: number }): number {
  const given = Object.hasOwn(weights, prize.id) ? weights[prize.id] : undefined
  return given ?? prize.weight
}

const defaultDoubler = { factor: 2, hours: 24, activities: [] }

/** What a prize credits at once: its reward, with the defaults of its type filled in; null for a prize that credits nothing. */
function prizeReward(prize: PrizeDefinition, draw: string): Reward | null {
  if (!isCredited(prize.type)) return null
  const given = prize.reward ? rewardRules(prize.reward) : noReward
  switch (prize.type) {
    case 'points': {
      if (Object.keys(given.units).length > 0) return given
      const { value } = prize
      if (value !== undefined && value > 0) return { ...given, units: { points: value } }
      return prize.reward ? given : null
    }
    case 'chances':
      return Object.keys(given.chances).length > 0 ? given : { ...given, chances: { [draw]: prize.value || 1 } }
    case 'eligibility':
      return given.entitlement ? given : { ...given, entitlement: prize.id }
    default:
      return given.doubler ? given : { ...given, doubler: defaultDoubler }
  }
}

function prizeRules(prize: PrizeDefinition, draw: string): Prize {
  const { id, tier, title, type, quota, weight, display, supplier, instructions } = prize
  return {
    id,
    tier,
    title,
    type,
    quota,
    publishedQuota: quota,
    weight,
    value: prize.value ?? 0,
    minSpins: prize.minSpins ?? 0,
    guaranteedAfter: prize.guaranteedAfter ?? 0,
    release: prize.release ?? 'atOnce',
    claimWithinDays: prize.claimWithinDays ?? 0,
    reward: prizeReward(prize, draw),
    subPrizes: (prize.subPrizes ?? []).map((sub) => ({
      id: sub.id,
      title: sub.title,
      weight: sub.weight ?? 1,
      reward: sub.reward ? rewardRules(sub.reward) : null
    })),
    pool: prize.pool ?? '',
    ...(supplier === undefined ? {} : { supplier }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(display === undefined ? {} : { display })
  }
}

/** A draw in force, as it is before any adjustment. */
export function drawRules(draw: DrawDefinition, window: Window): Draw {
  const { cost, chances, limits } = draw
  return {
    ...commonRules(draw),
    kind: 'draw',
    cost: cost ? amountOf(cost) : null,
    chances: chances ? { daily: chances.daily, extraPerDay: chances.extraPerDay ?? 0 } : null,
    limits: {
      perDay: limits?.perDay ?? 0,
      perCampaign: limits?.perCampaign ?? 0,
      winsPerCampaign: limits?.winsPerCampaign ?? 0,
      winsPerTier: limits?.winsPerTier ?? {}
    },
    fallback: draw.fallback,
    prizes: draw.prizes.map((prize) => prizeRules(prize, draw.id)),
    weightsByLevel: (draw.weightsByLevel ?? []).toSorted((a, b) => a.level - b.level),
    sessions: [wholeSession(draw, window)]
  }
}

function prizeDefinition(prize: Prize): PrizeDefinition {
  const { value, minSpins, guaranteedAfter, release, claimWithinDays, reward, subPrizes, pool, display } = prize
  return {
    id: prize.id,
    tier: prize.tier,
    title: prize.title,
    type: prize.type,
    quota: prize.quota === null ? null : Math.max(0, prize.quota),
    weight: prize.weight,
    ...(value > 0 ? { value } : {}),
    ...(minSpins > 0 ? { minSpins } : {}),
    ...(guaranteedAfter > 0 ? { guaranteedAfter } : {}),
    ...(release === 'even' ? { release } : {}),
    ...(claimWithinDays > 0 ? { claimWithinDays } : {}),
    ...(reward ? { reward: rewardDefinition(reward) } : {}),
    ...(subPrizes.length > 0
      ? {
          subPrizes: subPrizes.map(({ reward: gives, ...sub }) => ({
            ...sub,
            ...(gives ? { reward: rewardDefinition(gives) } : {})
          }))
        }
      : {}),
    ...(pool === '' ? {} : { pool }),
    ...(prize.supplier === undefined ? {} : { supplier: prize.supplier }),
    ...(prize.instructions === undefined ? {} : { instructions: prize.instructions }),
    ...(display === undefined ? {} : { display })
  }
}

/** The limits that are set, in the form of a definition. */
function drawLimits({ winsPerTier, ...limits }: Draw['limits']): NonNullable<DrawDefinition['limits']> {
  return {
    ...Object.fromEntries(Object.entries(limits).filter(([, most]) => most > 0)),
    ...(Object.keys(winsPerTier).length > 0 ? { winsPerTier: { ...winsPerTier } } : {})
  }
}

export function drawDefinition(draw: Draw): DrawDefinition {
  const { cost, chances, weightsByLevel } = draw
  const limits = drawLimits(draw.limits)
  return {
    ...commonDefinition(draw),
    ...windowDefinition(draw),
    kind: 'draw',
    ...(cost ? { cost: { [cost.unit]: cost.amount } } : {}),
    ...(chances
      ? {
          chances: {
            daily: chances.daily,
            ...(chances.extraPerDay > 0 ? { extraPerDay: chances.extraPerDay } : {})
          }
        }
      : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    fallback: draw.fallback,
    prizes: draw.prizes.map(prizeDefinition),
    ...(weightsByLevel.length > 0
      ? { weightsByLevel: weightsByLevel.map(({ level, weights }) => ({ level, weights: { ...weights } })) }
      : {})
  }
}
