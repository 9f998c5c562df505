import type { PoolClient } from 'pg'
import { UnavailableError } from '../../base/errors.ts'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { type CampaignRow, changeCampaign, findCampaign, findVersion } from '../../store/campaigns/campaigns.ts'
import { type IntentRow, insertIntent, newestIntent } from '../../store/campaigns/intents.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { awaitIntent } from '../carrying/carry-out.ts'
import {
  type Actor,
  type Change,
  checked,
  checkNamed,
  checkVersion,
  invalid,
  type LifecycleContext,
  lockExisting,
  notFound,
  rulesInForce
} from '../carrying/context.ts'
import { chunked, type PublicationPlan, planFirst, planNext } from '../change/next-version.ts'
import { checkPublishable } from '../definition/check.ts'
import { withCalendar } from './calendars.ts'
import { withWarnings } from './late-warnings.ts'
import { type PublicationStep, type Publishing, readBackAndOpen } from './read-back.ts'
import { giveSeeds } from './seeds.ts'

/** Plans the newest version: the first publication, or what it adds to the rules in force. */
async function plan(context: LifecycleContext, client: PoolClient, row: CampaignRow): Promise<PublicationPlan> {
  const version = await findVersion(client, row.id, row.version)
  const { definition, rules } = checked(row.id, await withCalendar(client, { id: row.id, input: version?.definition }))
  const late = checkPublishable(definition, context.now())
  if (late.length > 0) throw invalid(late)
  const inForce = rulesInForce(row)
  if (!inForce) return planFirst(rules, row.version)
  if (row.ended) throw new CampaignError('CONFLICT', `${row.id} has ended.`)
  const next = planNext(inForce, rules, row.version)
  if ('errors' in next) {
    throw new CampaignError('CONFLICT', `Version ${row.version} changes what is in force; that is done by PATCH.`, {
      errors: next.errors
    })
  }
  return next
}

/** Whether there is nothing to begin: this version is published, or being published. @throws CampaignError CONFLICT */
function isUnderWay(row: CampaignRow, actor: Actor): boolean {
  checkNamed(row, actor, 'approved')
  return row.review === 'publishing' || (row.review === 'published' && row.publishedVersion === row.version)
}

/** @throws CampaignError VERSION_MISMATCH, CONFLICT */
function checkApproved(row: CampaignRow, actor: Actor): void {
  checkVersion(row, actor)
  if (row.review === 'approved') return
  throw new CampaignError('CONFLICT', `Version ${row.version} is ${row.review}; only an approved one is published.`)
}

/** Writes the intents that preload, each of a bounded size. @returns the last of them; undefined if there is nothing to preload */
async function preload(client: PoolClient, id: string, publishing: Publishing): Promise<number | undefined> {
  const { by, reason, version } = publishing
  const request = JSON.stringify({ by, reason, step: 'preload', version })
  const common = { campaign: id, activity: '', user: SYSTEM_USER, type: 'campaign.adjusted', request, by }
  let last: number | undefined
  for (const writes of chunked(publishing.preload)) last = await insertIntent(client, { ...common, ...writes })
  return last
}

/** Begins a publication, in one transaction. @returns the last intent of the preload; undefined if there is none */
async function begin(context: LifecycleContext, id: string, actor: Actor): Promise<number | undefined> {
  return inTransaction(context.pool, async (client) => {
    const row = await lockExisting(client, id)
    if (isUnderWay(row, actor)) return undefined
    checkApproved(row, actor)
    const steps = await plan(context, client, row)
    const publishing: Publishing = { ...steps, version: row.version, by: actor.operator, reason: actor.reason }
    await changeCampaign(client, id, { review: 'publishing', publishing })
    await giveSeeds(client, steps.rules)
    return preload(client, id, publishing)
  })
}

/** Waits a moment for an intent to be carried out; the worker carries out one that is still open then. */
async function carried(context: LifecycleContext, intent: number | undefined): Promise<IntentRow | undefined> {
  return intent === undefined ? undefined : awaitIntent(context, intent, context.carryMs)
}

/** Verifies what was preloaded. The worker goes on with it later, so a Redis that is away is no error here. */
async function verify(context: LifecycleContext, id: string): Promise<PublicationStep> {
  try {
    return await readBackAndOpen(context, id)
  } catch (error) {
    if (error instanceof UnavailableError) return { step: 'preloading' }
    throw error
  }
}

/**
 * The intent that opens the campaign after an equal comparison; undefined if it is too early or there is nothing to open.
 * The worker may have continued this publication meanwhile.
 * @throws CampaignError CONFLICT with `differences`
 */
async function openingOf(
  context: LifecycleContext,
  id: string,
  { last, step }: { readonly last: number | undefined; readonly step: PublicationStep }
): Promise<number | undefined> {
  if (step.step === 'different') {
    throw new CampaignError('CONFLICT', `${id} stays shut: what was read back differs from the definition.`, {
      differences: step.differences.slice(0, 100)
    })
  }
  if (step.step === 'opening') return step.intent
  return step.step === 'none' && last !== undefined ? newestIntent(context.pool, id, 'campaign.published') : undefined
}

/** The answer: the campaign afterwards, and warnings of it. */
async function answerOf(context: LifecycleContext, id: string, intent: IntentRow | undefined): Promise<Change> {
  const campaign = await findCampaign(context.pool, id)
  if (!campaign) throw notFound(id)
  return withWarnings(context.pool, { campaign, ...(intent && { intent }) })
}

/**
 * Publishes a definition, one step a line. The definition was checked, saved as a version, submitted and approved before
 * (review.ts). Then:
 *
 * 1. `begin`: one transaction checks the newest version again, plans what it changes (change/next-version.ts: the rules,
 *    compiled to values and stock), gives each activity its seed, and writes the intents that preload it, closed;
 * 2. `carried`: the gate carries them out, as decisions that the journal has too;
 * 3. `verify`: everything is read back and compared; only if it is equal, the intent that opens it is written;
 * 4. `carried`: the gate opens it, and users take part;
 * 5. `answerOf`: the operator gets the result. Gateways show the campaign as soon as their catalogue has read it.
 *
 * Called again it goes on where it stopped. A campaign whose `review` is still `publishing` afterwards waits for the gate; the
 * worker goes on with it (unfinished.ts).
 * @throws CampaignError CONFLICT with `differences` when what was read back differs; the campaign stays closed then
 */
export async function publish(context: LifecycleContext, id: string, actor: Actor): Promise<Change> {
  const last = await begin(context, id, actor)
  await carried(context, last)
  const step = await verify(context, id)
  const intent = await carried(context, await openingOf(context, id, { last, step }))
  return answerOf(context, id, intent)
}
