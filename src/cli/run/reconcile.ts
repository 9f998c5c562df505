import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { CommandError } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import type { Reconciliation } from '../../recovery/compare/reconcile.ts'
import { deployedShards } from '../../store/shard/deployment.ts'
import { askReconciliation, findReconciliation } from '../../store/shard/reconciliations.ts'
import { withDatabase } from './with-database.ts'

const say = (text: string) => process.stdout.write(`${text}\n`)

const START_MS = 30_000
const DEADLINE_MS = 3_600_000
const PAUSE_MS = 200

/**
 * Asks the worker that owns a shard to compare Redis, journal and Postgres, and prints every difference; one shard after the other.
 * @returns the exit code: 0 where nothing differs
 * @throws CommandError when no worker does it
 */
export async function reconcileCommand(config: Config): Promise<number> {
  const why = 'It names the Postgres database by which the worker is asked; nothing was compared.'
  return withDatabase(config, { command: 'reconcile', why }, async (pool) => {
    let code = 0
    for (const shard of await deployedShards(pool)) code = Math.max(code, report(await comparison(pool, shard)))
    return code
  })
}

async function comparison(pool: pg.Pool, shard: number): Promise<Reconciliation> {
  const asked = await askReconciliation(pool, shard, { operator: 'command line', key: randomUUID() })
  const started = Date.now()
  let told = -1
  for (;;) {
    const row = await findReconciliation(pool, asked.id)
    if (row?.state === 'done') return row.result as Reconciliation
    if (row?.state === 'failed') {
      throw new CommandError(
        `The comparison ended early: ${row.failure}`,
        'What was not compared may differ.',
        "See the worker's log, and compare again."
      )
    }
    const waited = Date.now() - started
    if ((row?.state === 'asked' && waited > START_MS) || waited > DEADLINE_MS) {
      throw new CommandError(
        `Nothing was compared for ${Math.round(waited / 1000)} s.`,
        'A worker compares, and only while the shard is open.',
        'Is a worker running, and the shard open? npx floodgate doctor says.'
      )
    }
    if (row?.state === 'running' && row.progress !== told) {
      told = row.progress
      say(`shard ${shard}: ${told} users compared`)
    }
    await delay(PAUSE_MS)
  }
}

function report({ users, stocks, frames, differences, truncated }: Reconciliation): number {
  say(`compared: ${users} users, ${stocks} stocks, ${frames} frames of the journal`)
  for (const { kind, key, field, expected, found, id } of differences) {
    const whose = id === '' ? '' : ` (${id})`
    say(
      `${kind} ${key} ${field}: journal and Postgres say ${expected ?? 'nothing'}, found ${found ?? 'nothing'}${whose}`
    )
  }
  if (differences.length === 0) {
    say('nothing differs')
    return 0
  }
  say(
    `${differences.length}${truncated ? ' and more' : ''} differences. To write Redis from Postgres again: npx floodgate recover`
  )
  return 1
}
