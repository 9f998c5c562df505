import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { SHARDS } from '../base/shards.ts'
import type { Config } from '../config/config.ts'
import { createPool } from '../store/connection/pool.ts'
import { readShard, requestReopening } from '../store/shard/shards.ts'

const DEADLINE_MS = 120_000

/**
 * Asks the worker that owns a shard to open it again, and waits until it is open under a higher epoch; one shard after the other.
 * @throws Error when no worker does it in time
 */
export async function runRecover(config: Config): Promise<void> {
  const pool = createPool(config, { max: 1, name: 'floodgate-recover' })
  try {
    for (const shard of SHARDS) await reopen(pool, shard)
  } finally {
    await pool.end()
  }
}

async function reopen(pool: Pool, shard: number): Promise<void> {
  const before = await readShard(pool, shard)
  if (!before) throw new Error('This deployment was never opened: start a worker, which opens it.')
  console.log(`shard ${shard}: epoch ${before.epoch}, ${before.state}; asking its worker to open it again`)
  await requestReopening(pool, shard)
  const deadline = Date.now() + DEADLINE_MS
  let told = ''
  while (Date.now() < deadline) {
    const row = await readShard(pool, shard)
    const state = row
      ? `epoch ${row.epoch}, ${row.state}, journal read to ${row.position.epoch}/${row.position.sequence}` +
        (row.waitingFor === '' ? '' : `; it waits for ${row.waitingFor}`)
      : ''
    if (state !== told) console.log(`shard ${shard}: ${state}`)
    told = state
    if (row && row.epoch > before.epoch && row.state === 'open') return
    await delay(200)
  }
  throw new Error(
    `The shard was not opened within ${DEADLINE_MS / 1000} s. Is a worker running? Its log says why it waits.`
  )
}
