/** The shards of a deployment. Whoever works on all of them loops over this list. */
export const SHARDS = [0] as const

/**
 * The shard, for code whose answer is about one shard only. With a second shard this line fails to compile; delete it then, and tsc
 * names every place that has to say which shard it means.
 */
export const [ONLY_SHARD]: readonly [number] = SHARDS
