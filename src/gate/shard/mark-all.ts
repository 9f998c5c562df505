import type { ShardMark } from '../../store/shard/marks.ts'
import { type LookingGate, lookAtAll } from './look-at-all.ts'

/**
 * How far all shards have come: whatever was confirmed before is decided up to these places. They rest on no clock, which may step back.
 * @returns undefined while one does not answer
 */
export async function markAll(gate: LookingGate): Promise<ShardMark[] | undefined> {
  const looks = await lookAtAll(gate)
  const marks = [...looks].flatMap(([shard, { opening: epoch, last }]) => (last ? [{ shard, epoch, ...last }] : []))
  return marks.length === gate.numbers.length ? marks : undefined
}
