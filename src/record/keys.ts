/** Every key of a shard carries its hash tag, so that one script may touch them all, in a cluster too. */
export function keyPrefix(namespace: string, shard: number): string {
  return `${namespace}:{s${shard}}:`
}

/** The four keys that every gate call names first, in this order. */
export function shardKeys(prefix: string): [shard: string, outbox: string, kept: string, origin: string] {
  return [`${prefix}shard`, `${prefix}outbox`, `${prefix}kept`, `${prefix}origin`]
}

/** Logical keys: what decisions and definitions name; the prefix makes them physical. */
export const logical = {
  campaign: (campaign: string) => `c:${campaign}`,
  activity: (campaign: string, activity: string) => `a:${campaign}:${activity}`,
  stock: (campaign: string, activity: string) => `s:${campaign}:${activity}`,
  /** codes of a pool that are left, as stock of their own */
  pool: (campaign: string, pool: string) => `s:${campaign}:pool/${pool}`,
  user: (user: string) => `u:${user}`
}
