import type { Queryable } from '../connection/transaction.ts'
import { issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'
import { isStoredUpTo } from '../shard/marks.ts'

/** The step in which the worker makes the order of leaderboards final. */
export const BOARDS_STEP = 'boards'

/** What a settlement waits for: a step of it, and how much is left. */
export interface WaitsFor {
  readonly step: string
  readonly left: number
}

/** An operator's wish to settle a campaign. */
export interface SettlementRow {
  readonly campaign: string
  readonly askedBy: string
  readonly reason: string | null
  readonly askedAt: Date
  readonly waitsFor: WaitsFor | null
  readonly settledAt: Date | null
}

const columns = `campaign_id as campaign, asked_by as "askedBy", reason, asked_at as "askedAt", waits_for as "waitsFor",
  settled_at as "settledAt"`

/** Notes the wish, in the transaction that holds the campaign's lock. @returns false when somebody asked before */
export async function askSettlement(
  client: Queryable,
  { campaign, by, reason }: { readonly campaign: string; readonly by: string; readonly reason: string | undefined }
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into settlements (campaign_id, asked_by, reason) values ($1, $2, $3)
     on conflict on constraint settlements_pkey do nothing`,
    [campaign, by, reason ?? null]
  )
  return rowCount === 1
}

export async function findSettlement(db: Queryable, campaign: string): Promise<SettlementRow | undefined> {
  const { rows } = await db.query<SettlementRow>(`select ${columns} from settlements where campaign_id = $1`, [
    campaign
  ])
  return rows[0]
}

/** Settlements that are not done, the one that was looked at longest ago first. */
export async function openSettlements(db: Queryable): Promise<SettlementRow[]> {
  const { rows } = await db.query<SettlementRow>(
    `select ${columns} from settlements where settled_at is null order by updated_at`
  )
  return rows
}

/** Campaigns that a version settled which did not note when they ended. */
export async function settledWithoutEnd(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select campaign_id as id from campaigns where settled and rules is not null and not rules ? 'endedAt'`
  )
  return rows.map(({ id }) => id)
}

/** Notes what a settlement waits for; null: nothing is left. */
export async function noteSettlement(db: Queryable, campaign: string, waitsFor: WaitsFor | null): Promise<void> {
  await db.query(
    `update settlements set waits_for = $2, settled_at = case when $2::jsonb is null then now() end, updated_at = now()
     where campaign_id = $1 and settled_at is null`,
    [campaign, waitsFor === null ? null : JSON.stringify(waitsFor)]
  )
}

const count = async (db: Queryable, text: string, values: readonly unknown[]): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(text, [...values])
  return rows[0]?.count ?? 0
}

/** Orders of a campaign that may still be paid. */
export function payableOrders(db: Queryable, campaign: string): Promise<number> {
  return count(
    db,
    `select count(*) as count from orders where campaign_id = $1 and status = 'accepted' and pay_by is not null`,
    [campaign]
  )
}

/** Goals of a campaign that were reached and are not decided yet. */
export function dueGoals(db: Queryable, campaign: string): Promise<number> {
  return count(db, `select count(*) as count from task_counts where campaign_id = $1 and state = 'due'`, [campaign])
}

/** Changes of a campaign that the gate has still to carry out. */
export function openChanges(db: Queryable, campaign: string): Promise<number> {
  return count(db, `select count(*) as count from intents where campaign_id = $1 and state = 'open'`, [campaign])
}

/** Up to the last frame with one of the decisions, by shard and opening. */
const readUpTo = `
  with ended as (
    select shard, epoch, max(batch) as batch from decisions
    where shard = ${everyShard} and user_id = $1 and key = any($2) group by shard, epoch
  )
  select e.shard, ${isStoredUpTo} as stored
  from ended e join openings o on o.shard = e.shard and o.epoch = e.epoch`

/** A shard in which a campaign's end was decided, and whether all frames up to it are stored. */
interface ShardEnd {
  readonly shard: number
  readonly stored: boolean
}

/** The shards that have stored one of some decisions. @param user whose decisions they are @param keys their replay fields */
export async function storedEnds(db: Queryable, user: string, keys: readonly string[]): Promise<ShardEnd[]> {
  const { rows } = await db.query<ShardEnd>(readUpTo, [issuedUser(user), keys])
  return rows
}

/** The changes that ended a campaign. */
export async function endingChanges(db: Queryable, campaign: string): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(
    `select intent_id::float8 as id from intents where campaign_id = $1 and type = 'campaign.ended'`,
    [campaign]
  )
  return rows.map(({ id }) => id)
}
