import type { Published } from '../report/published.ts'
import { type Costs, costsOf, type Load, type Need, needOf } from './model.ts'

/** A crowd of which few get something, and one in which everybody does; nobody has ten million units for each second. */
const LOADS: readonly Load[] = [
  ...[10_000, 100_000, 1_000_000, 10_000_000].map((perSecond) => ({ perSecond, accepted: 0.02 })),
  ...[10_000, 100_000, 1_000_000].map((perSecond) => ({ perSecond, accepted: 1 }))
]

const HEAD = [
  'requests/s',
  'get something',
  'gateways',
  'shards',
  'gateways that a shard hears',
  'NATS cores',
  'workers that keep pace',
  'Postgres cores',
  'Postgres MB/s',
  'journal MB/s',
  'events MB/s',
  'NATS disk GB/h',
  'Redis memory GB/h'
]

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const measured = (value: number): string => (value < 10 ? value.toFixed(1) : count(value))

function row(load: Load, need: Need): string[] {
  return [
    count(load.perSecond),
    `${count(load.accepted * 100)} %`,
    count(need.gateways),
    count(need.shards),
    `${count(need.gatewaysPerShard)}${need.cells ? ' (cells)' : ''}`,
    count(need.natsCores),
    count(need.workers),
    count(need.postgresCores),
    ...[
      need.postgresMegabytes,
      need.journalMegabytes,
      need.eventMegabytes,
      need.natsGigabytesPerHour,
      need.redisGigabytesPerHour
    ].map(measured)
  ]
}

/** The loads as a Markdown table. @param loads those of the page unless others are asked for */
export function needTable(costs: Costs, loads: readonly Load[] = LOADS): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(HEAD),
    `|${'---:|'.repeat(HEAD.length)}`,
    ...loads.map((load) => line(row(load, needOf(costs, load))))
  ].join('\n')
}

/** What the capacity page shows of a result: the costs it counts with, and the table. */
export function capacityPart({ summaries, at, build }: Published): string {
  const costs = costsOf(summaries)
  const micros = (value: number): string => `${value.toFixed(1)} µs`
  return `From the run of ${at.slice(0, 10)}, commit ${build.commit}: a gateway needs ${micros(costs.gateway.refused)} for a refusal and ${micros(costs.gateway.order)} for an
order, Redis ${micros(costs.redis.refused)} and ${micros(costs.redis.order)} beside what a call costs, NATS ${micros(costs.nats)} and Postgres ${micros(costs.postgres)} for an order; a worker stores and
tells ${count(costs.workerPerSecond)} orders a second.

${needTable(costs)}`
}
