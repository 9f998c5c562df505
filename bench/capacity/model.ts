import type { ScenarioSummary } from '../report/summary.ts'

// How many processes of each part a load needs, from what each costs. Sums and divisions only, so that a reader can check them.

/** What one request costs, in microseconds of CPU, and what one worker brings. */
export interface Costs {
  /** of the gateway */
  readonly gateway: { readonly refused: number; readonly order: number }
  /** of Redis for each command of a call; the call itself is apart */
  readonly redis: { readonly refused: number; readonly order: number }
  /** of NATS for an order: its part of a frame, and its event */
  readonly nats: number
  readonly postgres: number
  /** orders that one worker stores and tells in a second, alone on its machine's two cores with Postgres and NATS */
  readonly workerPerSecond: number
}

export interface Load {
  /** requests that reach the gate, of all gateways */
  readonly perSecond: number
  /** part of them that gets something, 0 to 1 */
  readonly accepted: number
}

export interface Need {
  /** cores of gateways, one process each */
  readonly gateways: number
  /** shards, a Redis process each; as many as workers at least, because one worker owns a shard */
  readonly shards: number
  /** gateways that a shard hears: all of them, or as many as a cell has */
  readonly gatewaysPerShard: number
  /** whether gateways must be told apart by user, because a shard cannot hear them all */
  readonly cells: boolean
  /** orders in a second */
  readonly orders: number
  readonly natsCores: number
  /** workers that keep pace; fewer are late, and lose nothing */
  readonly workers: number
  readonly postgresCores: number
  /** megabytes a second that Postgres' tables grow by */
  readonly postgresMegabytes: number
  /** megabytes a second that the streams of the journal grow by, and the stream of events; NATS_REPLICAS times as much on all disks together */
  readonly journalMegabytes: number
  readonly eventMegabytes: number
  /** gigabytes that these streams grow by in an hour, on each disk */
  readonly natsGigabytesPerHour: number
  /** gigabytes of memory that all shards together grow by in an hour */
  readonly redisGigabytesPerHour: number
}

/**
 * Microseconds of Redis CPU for a call, whatever it carries: the intercept of `npm run bench:gate -- --sizes 1,2,8,32,128` (an order alone 133, in
 * batches of 128 17; a refusal alone 70, then 5.5).
 */
const CALL = { refused: 65, order: 117 } as const

/** How full a process may be: a queue before one that is busier than that grows with every hiccup. */
const BUSY = 0.5

/** Of what a shard may be busy with, the part that calls may take: half, so that commands have the rest. */
const CALLS = BUSY / 2

/** Seconds from one call of a gateway to its next one at the same shard: what a command waits for its batch at most. */
const TURN = 0.025

/** Bytes of an order in Postgres: decision, checkpoint, order row (docs/capacity.md). */
const STORED = 1500

/** Bytes of an order in the journal, in frames of 30, and of its event; in Redis within KEY_RETENTION, for users with few of them (docs/capacity.md). */
const JOURNALED = 300
const TOLD = 900
const REMEMBERED = 335

/** What the scenarios of a run cost. @throws Error that names a scenario that it lacks */
export function costsOf(summaries: readonly ScenarioSummary[]): Costs {
  const of = (name: string): ScenarioSummary => {
    const found = summaries.find(({ scenario }) => scenario === name)
    if (found === undefined) throw new Error(`The result has no scenario "${name}": run it with --scenario ${name},...`)
    return found
  }
  const [refused, order] = [of('refused').cpu, of('persisted').cpu]
  const perCall = of('persisted').perFrame ?? 1
  return {
    gateway: { refused: refused.service, order: order.service },
    redis: { refused: refused.redis - CALL.refused / perCall, order: order.redis - CALL.order / perCall },
    nats: order.nats,
    postgres: order.postgres,
    workerPerSecond: of('drain').perSecond
  }
}

/** What a load needs when each process is at most half busy. */
export function needOf(costs: Costs, { perSecond, accepted }: Load): Need {
  const mean = (each: { refused: number; order: number }): number =>
    (each.refused * (1 - accepted) + each.order * accepted) / 1e6
  const cores = (seconds: number): number => Math.max(1, Math.ceil(seconds / BUSY))
  const orders = perSecond * accepted
  const gateways = cores(perSecond * mean(costs.gateway))
  const call = (accepted > 0 ? CALL.order : CALL.refused) / 1e6 / TURN
  const commands = perSecond * mean(costs.redis)
  const cells = gateways * call > CALLS
  const shards = cells ? cellsFor(commands, gateways * call) : Math.ceil(commands / (BUSY - gateways * call))
  const workers = Math.max(1, Math.ceil(orders / costs.workerPerSecond))
  const owned = Math.max(shards, workers)
  return {
    gateways,
    shards: owned,
    gatewaysPerShard: cells ? Math.ceil(gateways / owned) : gateways,
    cells,
    orders,
    natsCores: cores((orders * costs.nats) / 1e6),
    workers,
    postgresCores: cores((orders * costs.postgres) / 1e6),
    postgresMegabytes: (orders * STORED) / 1e6,
    journalMegabytes: (orders * JOURNALED) / 1e6,
    eventMegabytes: (orders * TOLD) / 1e6,
    natsGigabytesPerHour: (orders * (JOURNALED + TOLD) * 3600) / 1e9,
    redisGigabytesPerHour: (orders * REMEMBERED * 3600) / 1e9
  }
}

/** Shards, each with its own gateways: commands and the calls of these gateways fill none beyond its bound. @param commands, calls cores of Redis for all */
function cellsFor(commands: number, calls: number): number {
  return Math.ceil((commands + calls) / BUSY)
}
