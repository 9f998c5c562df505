/**
 * The right side of `shard =` where it is not known in which shard a user decided. The index of decisions by user and key begins with the
 * shard, so a lookup without it would read the whole index.
 */
export const everyShard = 'any(array(select shard from shards))'
