import { type CampaignRow, type Notice, publishedCampaigns } from '../../store/campaigns/campaigns.ts'
import { campaignsAsked } from '../../store/campaigns/intents.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { statusOf } from '../carrying/catalogue.ts'
import { type Actor, type Change, type LifecycleContext, published } from '../carrying/context.ts'
import { planResumption, planTold } from '../change/notice.ts'
import { change, type Plan, type Planned, planFlag } from '../change/plan.ts'

/** Changes under way at a time: each holds a connection to Postgres while it is written. */
const AT_ONCE = 4

/** What became of one campaign of all. */
export type OneOfAll =
  | { readonly campaign: string; readonly change: Change }
  | { readonly campaign: string; readonly refused: CampaignError }

interface Step {
  readonly actor: Actor
  /** whether a campaign that is not over is meant */
  readonly isMeant: (row: CampaignRow) => boolean
  readonly plan: Plan
}

/** Each campaign has a key of its own, so that all can be asked for again. */
const keyOf = (key: string, campaign: string) => `${key}-${campaign}`

/**
 * Changes each campaign that is meant as if it were asked for alone. Those that were asked for under this key before are asked for again, whatever they are by now:
 * their answers are those of then.
 * @throws what Postgres throws: some may be changed, and the same request under the same key does the rest
 */
async function changeEach(context: LifecycleContext, { actor, isMeant, plan }: Step): Promise<OneOfAll[]> {
  const now = context.now()
  const rows = await publishedCampaigns(context.pool)
  const { key } = actor
  const keys = new Map(key === undefined ? [] : rows.map(({ id }) => [id, keyOf(key, id)]))
  const before = await campaignsAsked(context.pool, actor.operator, [...keys.values()])
  const isOver = (row: CampaignRow) => ['ended', 'settled'].includes(statusOf({ ...row, rules: published(row) }, now))
  const meant = rows.filter((row) => before.has(row.id) || (!isOver(row) && isMeant(row)))
  const until = performance.now() + context.carryMs
  const results: OneOfAll[] = []
  const one = async ({ id }: CampaignRow): Promise<OneOfAll> => {
    const carryMs = Math.max(0, until - performance.now())
    try {
      // an ETag is of one campaign
      const target = { id, actor: { ...actor, key: keys.get(id), ifMatch: undefined } }
      return { campaign: id, change: await change({ ...context, carryMs }, target, plan) }
    } catch (error) {
      if (error instanceof CampaignError) return { campaign: id, refused: error }
      throw error
    }
  }
  for (let from = 0; from < meant.length; from += AT_ONCE) {
    results.push(...(await Promise.all(meant.slice(from, from + AT_ONCE).map(one))))
  }
  return results
}

const withAll = (planned: Planned | undefined): Planned | undefined =>
  planned && { ...planned, change: { ...planned.change, pausedWithAll: true } }

/** Pauses every published campaign that is not over, those that open later too. @param told.notice what visitors are told meanwhile */
export function pauseAll(
  context: LifecycleContext,
  actor: Actor,
  { notice }: { readonly notice: Notice | undefined }
): Promise<OneOfAll[]> {
  return changeEach(context, {
    actor,
    isMeant: ({ paused }) => !paused,
    async plan(row, client) {
      const now = context.now()
      const planned = withAll(planFlag(row, 'campaign.paused', now))
      return planned && planTold(client, row, { actor, notice, now, planned })
    }
  })
}

/** Goes on with those that `pauseAll` paused, and that nobody paused or resumed by itself since. */
export function resumeAll(context: LifecycleContext, actor: Actor): Promise<OneOfAll[]> {
  return changeEach(context, {
    actor,
    isMeant: ({ paused, pausedWithAll }) => paused && pausedWithAll,
    plan: (row) => (row.pausedWithAll ? planResumption(row, context.now()) : undefined)
  })
}
