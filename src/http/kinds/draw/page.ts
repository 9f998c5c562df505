import { weightsAt } from '../../../campaign/kinds/draw/compile.ts'
import type { Draw, Prize } from '../../../campaign/kinds/draw/rules.ts'
import { localise } from '../../problems/language.ts'
import type { Page } from '../kind.ts'
import {
  commonView,
  liveHead,
  rulesViewOf,
  sessionsView,
  stockOf,
  type ViewContext,
  withoutFigures
} from '../parts/page.ts'
import { rewardView } from '../parts/reward.ts'
import { drawSchemas } from './schemas.ts'
import { drawTerms } from './terms.ts'

/** The algorithm of a spin, precise enough to write a verifier from. */
const ALGORITHM =
  'hmac = base64url(HMAC-SHA256(seed, "<campaign>/<draw>\\n<user>\\n<Idempotency-Key>")); number = first 13 hex digits of ' +
  'SHA1("<hmac>;<epoch>-<sequence>;<previous number of the draw>"); picked = the prize at number mod (sum of weights) in the ' +
  'cumulative weights, prizes in the order published; a prize that is exhausted, not released, not open yet or above a ' +
  'limit gives way to the fallback, weights are never changed for it; sub-prize = the next 13 hex digits mod (sum of its ' +
  'weights). seedCommitment = SHA-256 of the 32 bytes of the seed, in hex; the seed is shown when the draw has ended.'

/**
 * How long a seed stays secret after the closing time: gateways and Redis do not share a clock, and an extension asked for
 * in the last moment takes time to reach Redis.
 */
const REVEAL_AFTER_MS = 2000

/**
 * Whether a draw is over, by its rules and by the figures in Redis. Whoever knows the seed can choose what they win, so an
 * end does not count before it reached Redis.
 */
function isOver(draw: Draw, { campaign, figures, now }: ViewContext): boolean {
  if (figures === undefined) return false
  if (campaign.ended && figures.ended) return true
  const closings = [campaign.rules.closesAt, ...draw.sessions.map(({ closesAt }) => closesAt)]
  const known = figures.closings.get(draw.id)
  return known !== undefined && now >= Math.max(known, Math.min(...closings)) + REVEAL_AFTER_MS
}

function proofView(draw: Draw, context: ViewContext) {
  const seed = context.campaign.seeds.get(draw.id)
  return {
    seedCommitment: seed?.commitment ?? null,
    algorithm: ALGORITHM,
    ...(seed !== undefined && isOver(draw, context) && { seed: seed.seed.toString('hex') })
  }
}

/** The odds of each prize for users of a level: its weight in the full sum. */
function oddsOf(draw: Draw, level: number): Record<string, number> {
  const weights = weightsAt(draw, level)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return Object.fromEntries(draw.prizes.map(({ id }, index) => [id, sum === 0 ? 0 : (weights[index] ?? 0) / sum]))
}

function subPrizesView(draw: Draw, { subPrizes }: Prize, context: ViewContext) {
  const sum = subPrizes.reduce((total, { weight }) => total + weight, 0)
  return subPrizes.map(({ id, title, weight, reward }) => ({
    id,
    title: localise(title, context.language),
    odds: weight / sum,
    ...(reward && { reward: rewardView(draw, reward, context) })
  }))
}

function prizeView(draw: Draw, prize: Prize, context: ViewContext) {
  const { value, minSpins, guaranteedAfter, claimWithinDays, reward, subPrizes, display } = prize
  return {
    id: prize.id,
    tier: prize.tier,
    title: localise(prize.title, context.language),
    type: prize.type,
    ...(value > 0 && { value }),
    quota: prize.quota,
    remaining: prize.quota === null ? null : (stockOf(draw, prize.id, context)?.remaining ?? null),
    weight: prize.weight,
    ...(minSpins > 0 && { minSpins }),
    ...(guaranteedAfter > 0 && { guaranteedAfter }),
    ...(prize.release === 'even' && { release: prize.release }),
    ...(claimWithinDays > 0 && { claimWithinDays }),
    ...(reward && { reward: rewardView(draw, reward, context) }),
    ...(subPrizes.length > 0 && { subPrizes: subPrizesView(draw, prize, context) }),
    ...(display !== undefined && { display })
  }
}

/** How many prizes with a quota are left; null while it is not known. */
function prizesRemaining(draw: Draw, context: Pick<ViewContext, 'figures'>): number | null {
  let left = 0
  for (const { id, quota } of draw.prizes) {
    if (quota === null) continue
    const remaining = stockOf(draw, id, context)?.remaining
    if (remaining === undefined) return null
    left += remaining
  }
  return left
}

function limitsView({ limits }: Draw) {
  const { perDay, perCampaign, winsPerCampaign, winsPerTier } = limits
  return {
    perDay: perDay || null,
    perCampaign: perCampaign || null,
    winsPerCampaign: winsPerCampaign || null,
    winsPerTier
  }
}

function drawView(draw: Draw, context: ViewContext) {
  const { cost, chances, weightsByLevel } = draw
  const odds = oddsOf(draw, 0)
  return {
    ...commonView(draw, context),
    ...(cost && { cost: { [cost.unit]: cost.amount } }),
    ...(chances && { chances: { daily: chances.daily, extraPerDay: chances.extraPerDay || null } }),
    limits: limitsView(draw),
    fallback: draw.fallback,
    remaining: prizesRemaining(draw, context),
    prizes: draw.prizes.map((prize) => ({ ...prizeView(draw, prize, context), odds: odds[prize.id] ?? 0 })),
    ...(weightsByLevel.length > 0 && {
      oddsByLevel: weightsByLevel.map(({ level }) => ({ level, odds: oddsOf(draw, level) }))
    }),
    ...proofView(draw, context),
    sessions: sessionsView(draw)
  }
}

/** The public view of a draw; it shows the seed once Redis itself says that the draw is over. */
export const drawPage: Page<Draw> = {
  view: drawView,
  liveView: (draw, context) => ({
    ...liveHead(draw, context),
    remaining: prizesRemaining(draw, context),
    prizes: draw.prizes
      .filter(({ quota }) => quota !== null)
      .map(({ id }) => ({ id, remaining: stockOf(draw, id, context)?.remaining ?? null }))
  }),
  rulesView(draw, context) {
    const view = drawView(draw, context)
    const { campaign, language } = context
    return rulesViewOf(view, {
      prizes: view.prizes.map(withoutFigures),
      terms: drawTerms(draw, campaign.rules.policies, language)
    })
  },
  odds: (draw) => oddsOf(draw, 0),
  proof: proofView,
  waitsForClosing: true,
  schemas: drawSchemas
}
