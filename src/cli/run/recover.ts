import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { CommandError } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { deployedShards } from '../../store/shard/deployment.ts'
import { readShard, requestReopening, type ShardRow } from '../../store/shard/shards.ts'
import { withDatabase } from './with-database.ts'

const DEADLINE_MS = 120_000
const PAUSE_MS = 200

/**
 * Asks the worker that owns a shard to open it again, and waits until it is open under a higher epoch; one shard after the other.
 * @param how rebuild: Redis is written anew instead of catching up; shard: the only one that is opened again
 * @throws CommandError when no worker does it in time
 */
export async function recoverCommand(
  config: Config,
  how: { readonly rebuild: boolean; readonly shard?: number | undefined }
): Promise<void> {
  const why = 'It names the Postgres database by which the worker is asked; nothing was done.'
  await withDatabase(config, { command: 'recover', why }, async (pool) => {
    const shards = how.shard === undefined ? await deployedShards(pool) : [how.shard]
    for (const shard of shards) await reopen(pool, shard, how)
  })
}

async function reopen(pool: pg.Pool, shard: number, how: { readonly rebuild: boolean }): Promise<void> {
  const before = await readShard(pool, shard)
  if (!before) {
    throw new CommandError(
      `This deployment has no shard ${shard} that was ever opened.`,
      'There is nothing to open again.',
      'Start a worker, which opens it: npx floodgate worker'
    )
  }
  console.log(`shard ${shard}: epoch ${before.epoch}, ${before.state}; asking its worker to open it again`)
  await requestReopening(pool, shard, how)
  const deadline = Date.now() + DEADLINE_MS
  let told = ''
  while (Date.now() < deadline) {
    const row = await readShard(pool, shard)
    const state = row === undefined ? '' : stateText(row)
    if (state !== told) console.log(`shard ${shard}: ${state}`)
    told = state
    if (row && row.epoch > before.epoch && row.state === 'open') return
    await delay(PAUSE_MS)
  }
  throw new CommandError(
    `The shard was not opened within ${DEADLINE_MS / 1000} s.`,
    'It is opened as soon as a worker can; nothing that was confirmed is lost.',
    'Is a worker running? Its log says why it waits.'
  )
}

function stateText({ epoch, state, position, waitingFor }: ShardRow): string {
  const read = `epoch ${epoch}, ${state}, journal read to ${position.epoch}/${position.sequence}`
  return waitingFor === '' ? read : `${read}; it waits for ${waitingFor}`
}
