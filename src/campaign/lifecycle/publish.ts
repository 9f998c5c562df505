import type { PoolClient } from 'pg'
import { UnavailableError } from '../../base/errors.ts'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { type CampaignRow, changeCampaign, findCampaign, findVersion } from '../../store/campaigns/campaigns.ts'
import { insertIntent, newestIntent } from '../../store/campaigns/intents.ts'
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
import { readCodeWarnings } from './code-warnings.ts'
import { openVerified, type PublicationStep, type Publishing } from './publication.ts'
import { giveSeeds } from './seeds.ts'

async function plan(context: LifecycleContext, client: PoolClient, row: CampaignRow): Promise<PublicationPlan> {
  const version = await findVersion(client, row.id, row.version)
  const { definition, rules } = checked(row.id, version?.definition)
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

/** @returns the last of the intents that preload; undefined where a publication goes on or there is nothing to preload */
async function preload(context: LifecycleContext, id: string, actor: Actor): Promise<number | undefined> {
  return inTransaction(context.pool, async (client) => {
    const row = await lockExisting(client, id)
    checkNamed(row, actor, 'approved')
    const done = row.review === 'published' && row.publishedVersion === row.version
    if (row.review === 'publishing' || done) return undefined
    checkVersion(row, actor)
    if (row.review !== 'approved') {
      throw new CampaignError('CONFLICT', `Version ${row.version} is ${row.review}; only an approved one is published.`)
    }
    const steps = await plan(context, client, row)
    const { operator: by, reason } = actor
    const publishing: Publishing = { ...steps, version: row.version, by, reason }
    await changeCampaign(client, id, { review: 'publishing', publishing })
    await giveSeeds(client, steps.rules)
    const request = JSON.stringify({ by, reason, step: 'preload', version: row.version })
    const common = { campaign: id, activity: '', user: SYSTEM_USER, type: 'campaign.adjusted', request, by }
    let last: number | undefined
    for (const writes of chunked(steps.preload)) last = await insertIntent(client, { ...common, ...writes })
    return last
  })
}

/** What was decided and not carried out yet goes on by itself, so a Redis that is away is no error here. */
async function open(context: LifecycleContext, id: string): Promise<PublicationStep> {
  try {
    return await openVerified(context, id)
  } catch (error) {
    if (error instanceof UnavailableError) return { step: 'preloading' }
    throw error
  }
}

/** The intent that opens what was preloaded here and another process, the worker, went on with. */
async function openedElsewhere(
  context: LifecycleContext,
  id: string,
  { last, step }: { readonly last: number | undefined; readonly step: PublicationStep }
): Promise<number | undefined> {
  return step.step === 'none' && last !== undefined ? newestIntent(context.pool, id, 'campaign.published') : undefined
}

/**
 * Publishes the newest version: preload, read back, compare, open. Asked again it goes on where it stopped. A campaign
 * whose `review` is still `publishing` afterwards waits for the gate; the worker goes on with it.
 * @throws CampaignError CONFLICT with `differences` when what was read back differs; it stays shut then
 */
export async function publish(context: LifecycleContext, id: string, actor: Actor): Promise<Change> {
  const last = await preload(context, id, actor)
  if (last !== undefined) await awaitIntent(context, last, context.carryMs)
  const step = await open(context, id)
  if (step.step === 'different') {
    throw new CampaignError('CONFLICT', `${id} stays shut: what was read back differs from the definition.`, {
      differences: step.differences.slice(0, 100)
    })
  }
  const opening = step.step === 'opening' ? step.intent : await openedElsewhere(context, id, { last, step })
  const intent = opening === undefined ? undefined : await awaitIntent(context, opening, context.carryMs)
  const campaign = await findCampaign(context.pool, id)
  if (!campaign) throw notFound(id)
  const rules = rulesInForce(campaign)
  const warnings = rules ? await readCodeWarnings(context.pool, rules) : []
  return { campaign, ...(intent && { intent }), ...(warnings.length > 0 && { warnings }) }
}
