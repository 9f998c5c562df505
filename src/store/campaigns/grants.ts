import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'
import { nextIntent } from './intents.ts'

/** A grant as an intent: an amount for one field of a user's hash. */
export interface NewGrant {
  /** entity.verb; a grant that takes an amount back has another type */
  readonly type: string
  readonly user: string
  /** logical key and field of the balance */
  readonly key: string
  readonly field: string
  readonly amount: number
  /** JSON text that goes into the journal */
  readonly request: string
  readonly requestKey: string
  readonly requestHash: string
  /** for the audit trail */
  readonly after: object
}

/** What users were granted in a campaign so far, without refused grants, by `<user> <field>`. */
export async function grantedSoFar(
  client: Queryable,
  campaign: string,
  users: readonly string[]
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ user: string; field: string; amount: number }>(
    `select user_id as "user", adds -> 0 ->> 1 as field, sum((adds -> 0 ->> 2)::bigint)::float8 as amount
     from intents
     where campaign_id = $1 and user_id = any ($2) and type = 'balance.credited' and state <> 'refused'
     group by 1, 2`,
    [campaign, users.map(issuedUser)]
  )
  return new Map(rows.map(inside).map(({ user, field, amount }) => [`${user} ${field}`, amount]))
}

/** Hashes of the requests that an operator already sent under these keys, by key. */
export async function knownRequests(
  client: Queryable,
  operator: string,
  keys: readonly string[]
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ key: string; hash: string }>(
    `select request_key as key, coalesce(request_hash, '') as hash from intents
     where created_by = $1 and request_key = any ($2)`,
    [operator, keys]
  )
  return new Map(rows.map(({ key, hash }) => [key, hash]))
}

interface GrantsOfCampaign {
  readonly campaign: string
  readonly operator: string
  readonly reason: string | undefined
  readonly grants: readonly NewGrant[]
}

/** Stores many grants and their audit entries; the caller holds the lock of the campaign. */
export async function insertGrants(
  client: Queryable,
  { campaign, operator, reason, grants }: GrantsOfCampaign
): Promise<void> {
  const rows = JSON.stringify(grants.map((grant) => ({ ...grant, user: issuedUser(grant.user) })))
  const fields = `as g(type text, "user" text, key text, field text, amount bigint, request text, "requestKey" text, "requestHash" text,
    after jsonb)`
  await client.query(
    `insert into intents (intent_id, campaign_id, user_id, type, puts, adds, request, created_by, request_key, request_hash)
     overriding system value select ${nextIntent}, $1, "user", type, '[]', jsonb_build_array(jsonb_build_array(key, field, amount)), request, $2,
       "requestKey", "requestHash"
     from json_to_recordset($3::json) ${fields}`,
    [campaign, operator, rows]
  )
  await client.query(
    `insert into audit (operator, action, target, reason, after)
     select $1, type, 'user:' || "user", $2, after from json_to_recordset($3::json) ${fields}`,
    [operator, reason ?? null, rows]
  )
}
