import type { Look } from '../batch/decode.ts'
import type { Item } from '../batch/encode.ts'
import type { Lending, Shards } from '../gate.ts'

/** What shards answered, those that did. */
export type Looks = ReadonlyMap<number, Look>

export type LookingGate = Pick<Lending, 'look'> & Pick<Shards, 'numbers'>

async function lookAt(gate: LookingGate, shard: number, items: readonly Item[]): Promise<Looks> {
  const look = await gate.look(shard, items).catch(() => undefined)
  return new Map(look && [[shard, look]])
}

/**
 * Asks all shards at the same time. Rows that are listed after this, and acted upon under these openings, are of a Postgres that has read
 * what was decided before each of them.
 */
export async function lookAtAll(gate: LookingGate, items: readonly Item[] = [], without?: number): Promise<Looks> {
  const asked = gate.numbers.filter((number) => number !== without)
  const looks = await Promise.all(asked.map((number) => lookAt(gate, number, items)))
  return new Map(looks.flatMap((look) => [...look]))
}
