import type { Client } from 'pg'
import { writeRows } from '../connection/copy.ts'
import { OwnershipLostError } from '../shard/shards.ts'
import type { DeadLetter, ProjectedFrames } from './rows.ts'

// The statements of a projection's transaction about the journal itself: position, frames, dead letters.

const insertFrames = `
  insert into frames (shard, epoch, batch, stream_epoch, stream_sequence, decided_at, decisions, first_sequence)
  select $1, epoch, batch, stream_epoch, stream_sequence, to_timestamp(decided_at / 1000.0), decisions, first_sequence
  from json_to_recordset($2::json) as f(epoch bigint, batch bigint, stream_epoch bigint, stream_sequence bigint,
    decided_at bigint, decisions integer, first_sequence bigint)
  where not exists (select 1 from openings o where o.shard = $1 and o.epoch = f.epoch and f.batch <= o.complete_batch)
  on conflict on constraint frames_pkey do nothing
  returning epoch || '-' || batch as entry`

const insertDeadLetters = `
  insert into dead_letters (shard, stream, sequence, reason, payload)
  select $1, stream, sequence, reason, decode(payload, 'base64')
  from json_to_recordset($2::json) as l(stream text, sequence bigint, reason text, payload text)`

const advance = `
  update shards set position_epoch = $3, position_sequence = $4, updated_at = now()
  where shard = $1 and owner_term = $2 and (position_epoch, position_sequence) < ($3::bigint, $4::bigint)`

type PositionChange = Pick<ProjectedFrames, 'shard' | 'ownerTerm' | 'position'>

/** @throws OwnershipLostError */
export async function advancePosition(session: Client, { shard, ownerTerm, position }: PositionChange): Promise<void> {
  const values = [shard, ownerTerm, position.epoch, position.sequence]
  const advanced = await session.query({ name: 'advance', text: advance, values })
  if (advanced.rowCount !== 1) throw new OwnershipLostError('The position was moved by another owner.')
}

/**
 * Up to `complete_batch` all frames of an opening are stored: a frame there is a second copy, whether its row is still there or not.
 * @returns the frames that Postgres did not have yet, by `<epoch>-<batch>`
 */
export async function insertFrameRows(
  session: Client,
  { shard, frames }: Pick<ProjectedFrames, 'shard' | 'frames'>
): Promise<ReadonlySet<string>> {
  const values = [shard, JSON.stringify(frames)]
  const stored = await session.query<{ entry: string }>({ name: 'frames', text: insertFrames, values })
  return new Set(stored.rows.map(({ entry }) => entry))
}

export function storeDeadLetters(session: Client, shard: number, rows: readonly DeadLetter[]): Promise<void> {
  // the reason may quote the message, and Postgres stores no U+0000: without this the insert would be a violation too
  const letters = rows.map((letter) => ({ ...letter, reason: letter.reason.replaceAll('\0', '\uFFFD') }))
  return writeRows(session, shard, { name: 'dead-letters', text: insertDeadLetters, rows: letters })
}
