import type { PoolClient } from 'pg'
import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { logical } from '../../record/keys.ts'
import { findCampaign, findVersion } from '../../store/campaigns/campaigns.ts'
import { countCodes, loadCodes } from '../../store/campaigns/codes.ts'
import { insertIntent } from '../../store/campaigns/intents.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { awaitIntent } from '../carrying/carry-out.ts'
import { type Actor, type LifecycleContext, lockExisting, notFound, rulesInForce } from '../carrying/context.ts'
import { checkDefinition } from '../definition/check.ts'
import type { ActivityRules } from '../kinds/index.ts'
import { wantedCodesOf } from '../kinds/prizes.ts'

export interface PoolLoad {
  readonly campaign: string
  readonly pool: string
  /** one code each, checked by the caller */
  readonly codes: AsyncIterable<string>
  readonly actor: Actor
}

/** How many codes were new, how many the pool had already, and how many it has now. */
export interface PoolResult {
  readonly loaded: number
  readonly duplicates: number
  readonly total: number
}

function poolsOf(activities: readonly ActivityRules[]): string[] {
  const wanted = activities.flatMap((activity) => wantedCodesOf(activity, ''))
  return wanted.map(({ pool }) => pool)
}

/** @throws CampaignError NOT_FOUND for a pool that neither the rules in force nor the newest version names */
export async function requirePool(
  { pool: db }: LifecycleContext,
  { campaign, pool }: Pick<PoolLoad, 'campaign' | 'pool'>
): Promise<void> {
  const row = await findCampaign(db, campaign)
  if (!row || row.version === 0) throw notFound(campaign)
  const newest = checkDefinition((await findVersion(db, campaign, row.version))?.definition)
  const known = [...(rulesInForce(row)?.activities ?? []), ...(newest.ok ? newest.rules.activities : [])]
  if (!poolsOf(known).includes(pool)) throw new CampaignError('NOT_FOUND', `${campaign} has no pool ${pool}.`)
}

/** Writes the intent that tells the gate of new codes, in the transaction that stores them. @returns the id of its intent */
async function announce(client: PoolClient, { campaign, pool, actor }: PoolLoad, loaded: number): Promise<number> {
  const { operator, reason } = actor
  // the lock keeps the ids of a campaign's intents in the order of its changes
  await lockExisting(client, campaign)
  const intent = await insertIntent(client, {
    campaign,
    activity: '',
    user: SYSTEM_USER,
    type: 'campaign.adjusted',
    puts: [],
    adds: [[logical.pool(campaign, pool), 'codes:remaining', loaded]],
    request: JSON.stringify({ by: operator, reason, pool, codes: loaded }),
    by: operator
  })
  await recordAudit(client, {
    operator,
    action: 'pool.loaded',
    target: `campaign:${campaign}`,
    reason,
    after: { pool, codes: loaded }
  })
  return intent
}

/**
 * Loads codes into a pool of a campaign, published or not, and waits a moment for the gate to learn of them. A load that
 * broke off can be sent again.
 * @throws CampaignError NOT_FOUND; what Postgres or the source throws: codes loaded before stay, and the gate learns of them
 */
export async function loadPool(context: LifecycleContext, load: PoolLoad): Promise<PoolResult> {
  await requirePool(context, load)
  const { campaign, pool, codes } = load
  let last: number | undefined
  const result = await loadCodes(context.pool, {
    campaign,
    pool,
    codes,
    announce: async (client, loaded) => {
      last = await announce(client, load, loaded)
    }
  })
  if (last !== undefined) await awaitIntent(context, last, context.carryMs)
  const { loaded: total } = await countCodes(context.pool, { campaign, pool })
  return { ...result, total }
}
