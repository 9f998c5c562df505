import type { FrameDecision } from '../journal/frame.ts'

/** Every key of a shard carries its hash tag, so that one script may touch them all, in a cluster too. */
export function keyPrefix(namespace: string, shard: number): string {
  return `${namespace}:{s${shard}}:`
}

/**
 * The keys of a period of a leaderboard: its order, each user's member of it, and what they stand for. They belong to no shard, so
 * no script of the gate names them; their hash tag keeps them together in a cluster.
 */
export function boardKeys(
  namespace: string,
  { campaign, board, period }: { readonly campaign: string; readonly board: string; readonly period: string }
): { readonly ranks: string; readonly users: string; readonly place: string } {
  const prefix = `${namespace}:board:{${campaign}/${board}}:${period}:`
  return { ranks: `${prefix}ranks`, users: `${prefix}users`, place: `${prefix}place` }
}

/** The four keys that every gate call names first, in this order. */
export function shardKeys(prefix: string): [shard: string, outbox: string, kept: string, origin: string] {
  return [prefix + SHARD_HASH, `${prefix}outbox`, `${prefix}kept`, `${prefix}origin`]
}

/** Which opening the data of this Redis belong to: only recovery reads and writes it. */
export function baseKey(prefix: string): string {
  return `${prefix}base`
}

/** What the other shards had of an item when they were last read, for a second: in no frame, and no comparison reads it. */
export function elsewhereKey(prefix: string): string {
  return `${prefix}elsewhere`
}

/** The logical key of the shard's own hash. */
export const SHARD_HASH = 'shard'

/** The field of the shard's hash that a campaign leaves once it is archived: what is missing of it is no fault. */
export const goneField = (campaign: string): string => `gone:${campaign}`

/** The field of the shard's hash with the tokens of a campaign's rate. */
export const bucketField = (campaign: string): string => `bucket:${campaign}`

/** Logical keys: what decisions and definitions name; the prefix makes them physical. */
export const logical = {
  campaign: (campaign: string) => `c:${campaign}`,
  activity: (campaign: string, activity: string) => `a:${campaign}:${activity}`,
  stock: (campaign: string, activity: string) => `s:${campaign}:${activity}`,
  /** codes of a pool that are left, as stock of their own */
  pool: (campaign: string, pool: string) => `s:${campaign}:pool/${pool}`,
  user: (user: string) => `u:${user}`
}

const USER = logical.user('')
const STOCK = /^s:([^:]+):(.+)$/

/** The user whose hash a logical key names; undefined for every other key. */
export function userOfKey(key: string): string | undefined {
  return isUserKey(key) ? key.slice(USER.length) : undefined
}

/** Whether a logical key names a user's hash. */
export function isUserKey(key: string): boolean {
  return key.startsWith(USER)
}

/** Whether a logical key names stock. */
export function isStockKey(key: string): boolean {
  return STOCK.test(key)
}

/** Whose stock a logical key names (of a pool, the activity is `pool/<pool>`); undefined for every other key. */
export function stockPlaceOf(key: string): { readonly campaign: string; readonly activity: string } | undefined {
  const [, campaign, activity] = STOCK.exec(key) ?? []
  return campaign === undefined || activity === undefined ? undefined : { campaign, activity }
}

/** The stock of the activity whose rules a logical key names; undefined for every other key. */
export function stockOfRules(key: string): string | undefined {
  return key.startsWith('a:') ? `s${key.slice(1)}` : undefined
}

const CAMPAIGN = /^[cas]:([^:]+)/

/** The campaign that a logical key of rules or stock names; undefined for a user's. */
export function campaignOfKey(key: string): string | undefined {
  return CAMPAIGN.exec(key)?.[1]
}

/** The logical key that a scope of `add` or `put` means for this decision. */
export function scopeKey(scope: string, decision: Pick<FrameDecision, 'user' | 'campaign' | 'activity'>): string {
  const { user, campaign, activity } = decision
  switch (scope) {
    case 'u':
      return logical.user(user)
    case 'c':
      return logical.campaign(campaign)
    case 'a':
      return logical.activity(campaign, activity)
    case 's':
      return logical.stock(campaign, activity)
    default:
      return scope
  }
}
