import { EDITION, EVEN } from '../../../record/draw.ts'
import type { CampaignContext } from '../../parts/context.ts'
import { type Fields, flag, participationFields, prizeField } from '../../parts/fields.ts'
import { packPrize } from '../../parts/packed.ts'
import { compileChance, compileCost, compileReward } from '../../parts/pay.ts'
import type { Draw, Prize } from './rules.ts'
import { weightIn } from './rules.ts'

/** The weights of all prizes, in their order, for users of a level: those of the highest level that they reach. */
export function weightsAt(draw: Draw, level: number): number[] {
  const set = draw.weightsByLevel.findLast((other) => other.level <= level)
  return draw.prizes.map((prize) => weightIn(set?.weights ?? {}, prize))
}

function compileWeights(draw: Draw): string {
  const levels = [0, ...draw.weightsByLevel.map(({ level }) => level)]
  return levels.map((level) => `${level}:${weightsAt(draw, level).join(',')}`).join(';')
}

function compilePrize(campaign: CampaignContext, prize: Prize): string {
  const subs = prize.subPrizes.map(({ id, weight, reward }) => `${id}~${weight}~${compileReward(campaign, reward)}`)
  return packPrize(prize, {
    minSpins: prize.minSpins,
    even: prize.release === 'even',
    reward: compileReward(campaign, prize.reward),
    subs: subs.join('|')
  })
}

function compileGuarantee(draw: Draw): string {
  return draw.prizes
    .filter(({ guaranteedAfter }) => guaranteedAfter > 0)
    .sort((a, b) => b.guaranteedAfter - a.guaranteedAfter)
    .map(({ guaranteedAfter, id }) => `${guaranteedAfter}:${id}`)
    .join(',')
}

function costFields(campaign: CampaignContext, draw: Draw) {
  if (draw.cost) return compileCost(campaign, draw.cost)
  if (!draw.chances) return {}
  const keep = flag(campaign.policies.unusedDailyChances === 'keep')
  return { ...compileChance(campaign, draw.id), daily: draw.chances.daily, keep }
}

/** The fields of `a:<campaign>:<draw>` beside those of every kind. */
export function compileDraw(campaign: CampaignContext, draw: Draw): Fields {
  const { limits, prizes } = draw
  const even = prizes.flatMap(({ id, release, quota }) => (release === 'even' ? [`${id}:${quota}`] : []))
  const pools = prizes.flatMap(({ id, pool }) => (pool === '' ? [] : [`${id}:${pool}`]))
  return {
    ...participationFields,
    ...costFields(campaign, draw),
    edition: EDITION,
    per_day: limits.perDay,
    per_campaign: limits.perCampaign,
    wins_per_campaign: limits.winsPerCampaign,
    wins_per_tier: Object.entries(limits.winsPerTier)
      .map(([tier, most]) => `${tier}:${most}`)
      .join(','),
    prizes: prizes.map(({ id }) => id).join(','),
    weights: compileWeights(draw),
    fallback: draw.fallback,
    guarantee: compileGuarantee(draw),
    ...(pools.length > 0 && { pools: pools.join(',') }),
    ...(even.length > 0 && { [EVEN]: even.join(',') }),
    memory: flag(prizes.some(({ minSpins, guaranteedAfter }) => minSpins > 0 || guaranteedAfter > 0)),
    ...Object.fromEntries(prizes.map((prize) => [prizeField(prize.id), compilePrize(campaign, prize)]))
  }
}
