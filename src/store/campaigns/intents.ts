import type { Pool, PoolClient } from 'pg'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { everyShard } from '../shard/every-shard.ts'

type Put = readonly [key: string, field: string, value: string]
type Add = readonly [key: string, field: string, delta: number]

/** A change that the gate has to carry out. */
interface NewIntent {
  readonly campaign: string
  readonly activity: string
  /** the user in whose place the gate decides it */
  readonly user: string
  readonly type: string
  readonly puts: readonly Put[]
  readonly adds: readonly Add[]
  /** JSON text that goes into the journal */
  readonly request: string
  readonly by: string
  /** the operator's Idempotency-Key and the hash of their request, where they sent a key */
  readonly requestKey?: string | undefined
  readonly requestHash?: string | undefined
}

/** What one shard did for an intent about a campaign. */
export type IntentPart =
  | { readonly decision: string; readonly applied: readonly number[] }
  | { readonly refusal: string }

export interface IntentRow extends Omit<NewIntent, 'by' | 'requestKey' | 'requestHash'> {
  readonly id: number
  readonly createdBy: string
  readonly createdAt: Date
  readonly state: 'open' | 'applied' | 'refused'
  readonly decision: string | null
  /** the delta that each add applied */
  readonly applied: readonly number[] | null
  readonly refusal: string | null
  /** of one that is open: what shards did so far, by their numbers */
  readonly parts: Readonly<Record<string, IntentPart>>
  readonly requestHash: string | null
}

const columns = `intent_id::float8 as id, campaign_id as campaign, activity_id as activity, user_id as "user", type, puts,
  adds, request, created_by as "createdBy", created_at as "createdAt", state, decision_id as decision, applied, refusal, parts,
  request_hash as "requestHash"`

/**
 * The number of a new intent, for statements: in microseconds, because thousands of grants are written in one statement. Gateways carry out
 * what they are asked at once, also over a Postgres that has just gone back to a backup, when nobody knows yet which numbers the gate knows.
 */
export const nextIntent = `number_by_clock('intents_intent_id_seq', 1000000)`

/** Stores an intent; the caller holds the lock of its campaign, so the ids of one campaign rise in order. */
export async function insertIntent(client: Queryable, intent: NewIntent): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    `insert into intents (intent_id, campaign_id, activity_id, user_id, type, puts, adds, request, created_by, request_key,
       request_hash)
     overriding system value values (${nextIntent}, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning intent_id::float8 as id`,
    [
      intent.campaign,
      intent.activity,
      issuedUser(intent.user),
      intent.type,
      JSON.stringify(intent.puts),
      JSON.stringify(intent.adds),
      intent.request,
      intent.by,
      intent.requestKey ?? null,
      intent.requestHash ?? null
    ]
  )
  const id = rows[0]?.id
  if (id === undefined) throw new Error('An intent was written and has no id')
  return id
}

/**
 * Sees to it that no intent gets a number up to `last` any more: those of a Postgres that went back to a backup, whose clock is behind too, or
 * to which an earlier version writes.
 */
export async function passIntentNumbers(client: Queryable, last: number): Promise<void> {
  const { rows } = await client.query<{ behind: boolean }>(
    'select last_value < $1 as behind from intents_intent_id_seq',
    [last]
  )
  if (rows[0]?.behind !== true) return
  // who inserts has its number already, and would otherwise get a higher one before this sets a lower one
  await client.query('lock table intents in share row exclusive mode')
  await client.query("select setval('intents_intent_id_seq', greatest(last_value, $1)) from intents_intent_id_seq", [
    last
  ])
}

export async function findIntent(pool: Queryable, id: number): Promise<IntentRow | undefined> {
  const { rows } = await pool.query<IntentRow>(`select ${columns} from intents where intent_id = $1`, [id])
  return rows[0] && inside(rows[0])
}

/** The newest intent of a campaign and type. */
export async function newestIntent(pool: Queryable, campaign: string, type: string): Promise<number | undefined> {
  const { rows } = await pool.query<{ id: number | null }>(
    'select max(intent_id)::float8 as id from intents where campaign_id = $1 and type = $2',
    [campaign, type]
  )
  return rows[0]?.id ?? undefined
}

/** The intent that an operator made under a key before. */
export async function findIntentByKey(pool: Queryable, operator: string, key: string): Promise<IntentRow | undefined> {
  const { rows } = await pool.query<IntentRow>(
    `select ${columns} from intents where created_by = $1 and request_key = $2`,
    [operator, key]
  )
  return rows[0] && inside(rows[0])
}

/** The campaigns of which an operator has asked for a change under one of these keys. */
export async function campaignsAsked(db: Queryable, operator: string, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const { rows } = await db.query<{ campaign: string }>(
    'select campaign_id as campaign from intents where created_by = $1 and request_key = any($2)',
    [operator, keys]
  )
  return new Set(rows.map(({ campaign }) => campaign))
}

const open = `from intents where campaign_id = $1 and state = 'open'`

/** The oldest open intents about a campaign itself, in order; they are decided in the place of `owner`. */
export async function openIntents(
  client: Queryable,
  campaign: string,
  { owner, most }: { readonly owner: string; readonly most: number }
): Promise<IntentRow[]> {
  const { rows } = await client.query<IntentRow>(
    `select ${columns} ${open} and user_id = $2 order by intent_id limit $3`,
    [campaign, owner, most]
  )
  return rows.map(inside)
}

/**
 * Open intents about users of a campaign, which may be carried out at the same time: the oldest of each user.
 * @param without users whose intents are skipped; those of `owner` are about the campaign itself
 */
export async function openIntentsOfUsers(
  client: Queryable,
  campaign: string,
  { owner, without, most }: { readonly owner: string; readonly without: readonly string[]; readonly most: number }
): Promise<IntentRow[]> {
  const { rows } = await client.query<IntentRow>(
    `select distinct on (user_id) ${columns} from (
       select * ${open} and user_id <> $2 and user_id <> all ($3) order by intent_id limit $4
     ) oldest order by user_id, intent_id`,
    [campaign, owner, without.map(issuedUser), most]
  )
  return rows.map(inside)
}

/** Notes what some shards did for an open intent, while others are still to be asked. */
export async function noteParts(client: Queryable, id: number, parts: IntentRow['parts']): Promise<void> {
  await client.query(`update intents set parts = $2 where intent_id = $1 and state = 'open'`, [
    id,
    JSON.stringify(parts)
  ])
}

/** Whether a campaign has open intents that are decided in the place of this user. */
export async function hasOpenIntent(client: Queryable, campaign: string, user: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `select 1 from intents where campaign_id = $1 and state = 'open' and user_id = $2 limit 1`,
    [campaign, issuedUser(user)]
  )
  return rowCount === 1
}

/**
 * The projected decision under a replay field, and the delta that each of its adds applied.
 * @param wanted shard: absent where it is that of the user
 */
export async function projectedAdjustment(
  client: Queryable,
  { user, key, shard }: { readonly user: string; readonly key: string; readonly shard?: number | undefined }
): Promise<{ decision: string; report: string } | undefined> {
  const { rows } = await client.query<{ decision: string; report: string }>(
    `select shard || '-' || epoch || '-' || sequence as decision, report from decisions
     where shard = ${everyShard} and ($3::integer is null or shard = $3) and user_id = $1 and key = $2
     order by epoch desc, sequence desc limit 1`,
    [issuedUser(user), key, shard ?? null]
  )
  return rows[0]
}

/** Campaigns with open intents. */
export async function campaignsWithOpenIntents(pool: Queryable): Promise<string[]> {
  const { rows } = await pool.query<{ campaign: string }>(
    `select distinct campaign_id as campaign from intents where state = 'open' order by 1`
  )
  return rows.map((row) => row.campaign)
}

/** Closes an intent, once. */
export async function closeIntent(client: Queryable, id: number, result: IntentPart): Promise<void> {
  const refused = 'refusal' in result
  await client.query(
    `update intents set state = $2, decision_id = $3, applied = $4, refusal = $5, closed_at = now()
     where intent_id = $1 and state = 'open'`,
    [
      id,
      refused ? 'refused' : 'applied',
      refused ? null : result.decision,
      refused ? null : JSON.stringify(result.applied),
      refused ? result.refusal : null
    ]
  )
}

/**
 * Runs work while holding the right to carry out the intents of a campaign. All SQL of the work goes through the client that
 * holds this right, so a holder that lost its connection can close no intent.
 * @returns undefined when another process holds the right
 */
export async function withCarrier<T>(
  pool: Pool,
  campaign: string,
  work: (client: PoolClient) => Promise<T>
): Promise<T | undefined> {
  const client = await pool.connect()
  const key = `intents of ${campaign}`
  let broken = false
  try {
    const { rows } = await client.query<{ held: boolean }>(
      `select pg_try_advisory_lock(hashtext(current_schema()), hashtext($1)) as held`,
      [key]
    )
    if (rows[0]?.held !== true) return undefined
    try {
      return await work(client)
    } finally {
      await client.query('select pg_advisory_unlock(hashtext(current_schema()), hashtext($1))', [key]).catch(() => {
        broken = true
      })
    }
  } finally {
    client.release(broken)
  }
}
