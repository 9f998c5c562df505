import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { type DestinationStream, type Logger, pino } from 'pino'
import { setStoreDeadline } from '../../../src/base/deadline.ts'
import { type Config, loadConfig } from '../../../src/config/config.ts'
import type { AdjustCommand, BuyCommand } from '../../../src/gate/batch/commands.ts'
import { SYSTEM_USER } from '../../../src/gate/batch/commands.ts'
import type { BatcherLimits } from '../../../src/gate/batch/options.ts'
import type { Outcome } from '../../../src/gate/batch/outcomes.ts'
import type { Gate } from '../../../src/gate/gate.ts'
import type { ConnectedShard } from '../../../src/gate/shard/connect-shard.ts'
import { createGateParts, type GateParts } from '../../../src/gate/shard/create-gate.ts'
import { createPool } from '../../../src/store/connection/pool.ts'
import { runWorkerUntil } from '../../../src/worker/process.ts'
import { freshSchema } from '../servers/fresh-schema.ts'
import { freshNamespace, type ServerUrls, shardsEnv, type Teardown, testShards } from '../servers/servers.ts'

/** On a busy machine answers are late: gates of tests wait longer for them than a user would. */
const PATIENT_MS = 10_000
const patient = { queueMs: PATIENT_MS, waitMs: PATIENT_MS, replyMs: PATIENT_MS }

/** A gate, its shards, and the parts of the first one. */
export type ShopGate = GateParts & ConnectedShard

/** The parts of the first shard beside the gate. */
export function withFirst(parts: GateParts): ShopGate {
  const [first] = parts.shards
  if (first === undefined) throw new Error('A gate has at least one shard')
  return { ...first, ...parts }
}

/** A gate that carries what concerns no user to every shard, as published changes are, unless a shard is named. */
function toEveryShard(gate: Gate): Gate {
  const submit: Gate['submit'] = async (command) => {
    if (command.user !== SYSTEM_USER || command.shard !== undefined) return gate.submit(command)
    const [first, ...others] = gate.numbers
    let outcome = await gate.submit({ ...command, shard: first ?? 0 })
    for (const shard of others) if (outcome.kind === 'confirmed') outcome = await gate.submit({ ...command, shard })
    return outcome
  }
  return { ...gate, submit }
}

export interface Core {
  readonly config: Config
  readonly pool: Pool
  readonly logger: Logger
  /** a gate of its own, as one more gateway process would have */
  readonly gateway: (limits?: Partial<BatcherLimits>) => Promise<ShopGate>
  /** starts a worker; the returned function stops it */
  readonly worker: (options?: { readonly lagMs?: number }) => () => Promise<void>
}

/** A migrated namespace with gates and workers in this process, on real servers. @param log takes what they log */
export async function startCore(t: Teardown, urls: ServerUrls, log?: DestinationStream): Promise<Core> {
  setStoreDeadline(PATIENT_MS)
  const config = loadConfig({
    NAMESPACE: freshNamespace(),
    REDIS_URL: urls.redisUrl,
    NATS_URL: urls.natsUrl,
    DATABASE_URL: urls.databaseUrl,
    JOURNAL_MAX_BYTES: String(64 * 1024 ** 2),
    ...shardsEnv(testShards),
    ...urls.env
  })
  const logger = log ? pino({ level: 'info' }, log) : pino({ level: process.env.TEST_LOG ?? 'silent' })
  await freshSchema(config)
  const pool = createPool(config, { max: 8, name: 'floodgate-test' })
  const stops: Array<() => Promise<void>> = []
  t.teardown(async () => {
    for (const stop of stops.reverse()) await stop()
    await pool.end()
  })
  return {
    config,
    pool,
    logger,
    gateway: async (limits) => {
      const parts = await createGateParts(config, {
        pool,
        logger,
        ackMs: PATIENT_MS,
        limits: { ...patient, ...limits }
      })
      stops.push(() => parts.gate.close(500))
      return withFirst({ ...parts, gate: toEveryShard(parts.gate) })
    },
    worker: (options = {}) => {
      const abort = new AbortController()
      const running = runWorkerUntil({ config, logger, pool, signal: abort.signal, ...options })
      let stopping: Promise<void> | undefined
      const stop = () => {
        abort.abort()
        stopping ??= running
        return stopping
      }
      stops.push(stop)
      return stop
    }
  }
}

export interface SaleSpec {
  readonly campaign: string
  readonly sale: string
  readonly stock: number
  readonly rules?: Record<string, string>
  readonly campaignRules?: Record<string, string>
  /** records of 65 characters; one open session `am` by default */
  readonly sessions?: string
}

/** A packed session as src/campaign writes it. */
export function packedSession(session: {
  opensAt: number
  closesAt: number
  id: string
  limit?: number
  paused?: boolean
}): string {
  const limit = String(session.limit ?? 0).padStart(6, '0')
  return `${String(session.opensAt).padStart(13, '0')}${String(session.closesAt).padStart(13, '0')}${limit}${session.paused ? 1 : 0}${session.id.padEnd(32)}`
}

const HOUR = 3_600_000

/** Rules of a campaign that is open now and limits nothing. */
export function openCampaign(now: number): Readonly<Record<string, string>> {
  return {
    ready: '1',
    opens_at: String(now - HOUR),
    closes_at: String(now + HOUR),
    paused: '0',
    ended: '0',
    rate: '0',
    burst: '0',
    units_per_user: '0',
    release_limit: '1',
    restock: '0',
    cancellable: 'unpaid',
    version: '1'
  }
}

/** The command that preloads a sale which is open now: one session `am`, price 100 CNY, no limits unless said. */
export function preload(spec: SaleSpec): AdjustCommand {
  const { campaign, sale } = spec
  const now = Date.now()
  const campaignRules = {
    ...openCampaign(now),
    ...spec.campaignRules
  }
  const rules = {
    kind: 'sale',
    price: '100',
    currency: 'CNY',
    units_per_user: '0',
    pay_within: '900',
    paused: '0',
    entitlement: '',
    level: '0',
    ship_by: '',
    sessions: spec.sessions ?? packedSession({ opensAt: now - HOUR, closesAt: now + HOUR, id: 'am' }),
    ...spec.rules
  }
  return {
    op: 'adjust',
    type: 'campaign.published',
    user: SYSTEM_USER,
    key: `x:adj:${campaign}/${sale}`,
    hash: 'preload',
    campaign,
    activity: sale,
    puts: [
      ...Object.entries(campaignRules).map(([field, value]) => [`c:${campaign}`, field, value] as const),
      ...Object.entries(rules).map(([field, value]) => [`a:${campaign}:${sale}`, field, value] as const)
    ],
    adds: [[`s:${campaign}:${sale}`, 'am:remaining', spec.stock]],
    request: '{}'
  }
}

/** A purchase of one unit unless said otherwise. */
export function buy(
  spec: Pick<SaleSpec, 'campaign' | 'sale'>,
  user: string,
  more: Partial<BuyCommand> = {}
): BuyCommand {
  const quantity = more.quantity ?? 1
  return {
    op: 'buy',
    user,
    key: `u:key-of-${user}`,
    hash: `h${quantity}`,
    campaign: spec.campaign,
    activity: spec.sale,
    quantity,
    level: 0,
    request: `{"quantity":${quantity}}`,
    ...more
  }
}

/** Submits again while the gate says that nothing was done or the answer was lost, within a deadline. */
export async function insist(submit: () => Promise<Outcome>, deadlineMs = 60_000): Promise<Outcome> {
  const deadline = Date.now() + deadlineMs
  for (;;) {
    const outcome = await submit()
    const open = outcome.kind === 'unavailable' || outcome.kind === 'unknown' || outcome.kind === 'pending'
    if (!open || Date.now() > deadline) return outcome
    await delay(50)
  }
}
