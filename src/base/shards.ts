import { crc32 } from 'node:zlib'

/** The shards of a deployment, by number. @param count how many there are: SHARDS of its configuration */
export function shardNumbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, shard) => shard)
}

/** The shard that a name belongs to: of a user the one that decides, of an activity the one with the units that cannot be split. */
export function shardOf(name: string, count: number): number {
  return count === 1 ? 0 : crc32(name) % count
}
