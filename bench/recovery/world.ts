import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { pino } from 'pino'
import { setStoreDeadline } from '../../src/base/deadline.ts'
import { type Config, loadConfig } from '../../src/config/config.ts'
import type { ConnectedShard } from '../../src/gate/shard/connect-shard.ts'
import { createGateParts, type GateParts } from '../../src/gate/shard/create-gate.ts'
import { type Servers, startServers } from '../../src/stack/servers/all.ts'
import { migrate } from '../../src/store/connection/migrate.ts'
import { createPool } from '../../src/store/connection/pool.ts'
import type { Stops } from '../running/stops.ts'

const require = createRequire(import.meta.url)
const LONGEST_MS = 600_000

/** Private servers, a worker as a process, and a gateway's gate in this process. */
export interface World {
  readonly folder: string
  readonly servers: Servers
  readonly config: Config
  readonly pool: Pool
  readonly parts: Pick<GateParts, 'gate'> & ConnectedShard
  readonly workerPid: () => number
  /** starts a worker; there must be none */
  readonly startWorker: () => void
  readonly stopWorker: () => Promise<void>
}

/** @param more environment of worker and gate */
export async function startWorld(stops: Stops, more: Readonly<Record<string, string>> = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-recovery-'))
  await stops.after(Promise.resolve(folder), async () => rmSync(folder, { recursive: true, force: true }))
  const servers = await stops.after(startServers({ folder, endWithLauncher: true }), (all) => all.stop(5000))
  const env = {
    NAMESPACE: 'bench',
    REDIS_URL: servers.redis.url,
    NATS_URL: servers.nats.url,
    DATABASE_URL: servers.postgres.url,
    ...more
  }
  const config = loadConfig(env)
  setStoreDeadline(LONGEST_MS)
  await migrate(config)
  const pool = await stops.after(Promise.resolve(createPool(config, { max: 8, name: 'recovery' })), (one) => one.end())
  let worker: ReturnType<typeof spawn> | undefined
  const startWorker = () => {
    const cli = require.resolve('../../src/cli.js')
    worker = spawn(process.execPath, [cli, 'worker'], {
      env: { ...process.env, ...env, LOG_LEVEL: 'warn' },
      stdio: 'ignore'
    })
  }
  const stopWorker = async () => {
    const ended = worker && once(worker, 'exit')
    worker?.kill('SIGTERM')
    await ended
    worker = undefined
  }
  startWorker()
  await stops.after(Promise.resolve(), stopWorker)
  const limits = { queueMs: 1000, replyMs: 2000 }
  const opening = createGateParts(config, { pool, logger: pino({ level: 'silent' }), limits })
  const parts = await stops.after(opening, (one) => one.gate.close(1000))
  await parts.gate.ready()
  const [only] = parts.shards
  if (only === undefined) throw new Error('A gate has at least one shard')
  return {
    folder,
    servers,
    config,
    pool,
    parts: { ...only, gate: parts.gate },
    workerPid: () => worker?.pid ?? 0,
    startWorker,
    stopWorker
  }
}

/** Forgets the largest memory that a process had so far. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** The largest resident memory that a process had since, in MB. */
export function peakMegabytes(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes ?? 0) / 1024)
}

/** Repeats a step until it is done. @returns ms since `startedAt` (performance.now()) @throws Error after ten minutes */
export async function until(startedAt: number, done: () => Promise<boolean>): Promise<number> {
  while (performance.now() - startedAt < LONGEST_MS) {
    if (await done()) return performance.now() - startedAt
    await delay(2)
  }
  throw new Error(`This was not over within ${LONGEST_MS / 1000} s.`)
}
