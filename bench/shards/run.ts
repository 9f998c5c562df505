import '../../src/config/require-node.ts'
import { redisCluster } from '../../test/support/servers/redis-cluster.ts'
import { closedLoop } from '../measuring/closed.ts'
import { parts } from '../measuring/cpu-by-part.ts'
import type { Measurement } from '../measuring/measurement.ts'
import { proveSale } from '../measuring/proofs.ts'
import { type ScenarioSummary, summarize } from '../report/summary.ts'
import { readArguments } from '../running/arguments.ts'
import { createStops, type Stops } from '../running/stops.ts'
import { waitFor } from '../running/wait.ts'
import { BIG_STOCK, buy } from '../scenarios/buying.ts'
import type { LoadOptions, Scenario } from '../scenarios/scenario.ts'
import { startSide, type World } from '../stack/world.ts'
import { killMasters } from './killed-master.ts'
import { sellWithKills } from './kills.ts'

const USERS = 20_000
const PROVEN_WITHIN_MS = 60_000
/** each row starts programs anew, whose code is compiled while they work; a slow machine takes some seconds for it */
const WARMUP_SECONDS = 6

const usage = `Usage: npm run bench:shards -- [--rounds 3] [--seconds 6] [--connections 64] [--only 1,4,8,cluster-4]
       npm run bench:shards -- --kills [--seeds 20]
       npm run bench:shards -- --killed-master [--rounds 5] [--seconds 12]

Buys of one item, closed loop, in stacks of 1, 4 and 8 shards on one Redis and of 4 shards on a Redis Cluster of three masters: what a
shard costs. A stack is started for each row of each round, so nothing else runs beside it.
--connections 64,256,512,256 says how many each row of --only has, in its order: with four times as many, four shards have batches as large as one.

--kills measures nothing: an item and a draw over four shards on the cluster sell out while masters, gateways and workers are killed, seed after seed.
Nothing may be lost, doubled or left over, and prizes have their published shares. A few minutes each.
--killed-master: a third of capacity by the clock on the cluster, one of whose masters is killed: what orders of the other shards take, and when its own open again.`

interface Deployment {
  readonly name: string
  readonly shards: number
  readonly isCluster: boolean
}

const deployments: readonly Deployment[] = [
  { name: '1', shards: 1, isCluster: false },
  { name: '4', shards: 4, isCluster: false },
  { name: '8', shards: 8, isCluster: false },
  { name: 'cluster-4', shards: 4, isCluster: true }
]

/** The last order of one shard says nothing of the others: each is waited for. */
async function proveAll(world: World, campaign: string, account: Parameters<typeof proveSale>[2]) {
  const prove = () => proveSale(world, { campaign, stock: BIG_STOCK, soldBefore: 0 }, account)
  await waitFor(async () => ((await prove()).broken.length === 0 ? true : undefined), {
    what: 'every order to be stored and told',
    withinMs: PROVEN_WITHIN_MS
  }).catch(() => undefined)
  return prove()
}

async function startStackOf({ shards, isCluster }: Deployment, stops: Stops): Promise<World> {
  const settings: Record<string, string> = shards === 1 ? {} : { SHARDS: String(shards) }
  if (!isCluster) return { ...(await startSide({ users: USERS }, stops, { settings })), shards }
  const ends: Array<() => Promise<void> | void> = []
  const end = async () => {
    for (const one of ends.reverse()) await one()
  }
  const cluster = await stops.after(redisCluster({ teardown: (one) => void ends.push(one) }), end)
  const world = await startSide({ users: USERS }, stops, { settings: { ...settings, REDIS_URL: cluster.url } })
  const { stack } = world
  const redis = cluster.masters.map(({ server }) => server.pid())
  const file = () => ({ ...stack.file(), pids: { ...stack.file().pids, redis } })
  return { ...world, shards, stack: { ...stack, file } }
}

async function measure(deployment: Deployment, round: number, options: LoadOptions): Promise<Measurement> {
  // a worker of several shards stores later: what it does after the load is of the load
  const scenario: Scenario = { ...buy, until: 'persisted', name: deployment.name, title: '', prove: proveAll }
  const stops = createStops()
  const stopEarly = () => void stops.all().then(() => process.exit(130))
  process.once('SIGINT', stopEarly)
  try {
    const world = await startStackOf(deployment, stops)
    return await closedLoop(world, { scenario, round, options })
  } finally {
    process.off('SIGINT', stopEarly)
    await stops.all()
  }
}

/** CPU of everything but the load, µs an order. */
const costOf = ({ cpu }: ScenarioSummary): number =>
  parts.filter((part) => part !== 'load').reduce((sum, part) => sum + cpu[part], 0)

function row({ scenario, perSecond, p50, p99, perFrame, cpu, otherCores, broken }: ScenarioSummary): string {
  const figures = [perSecond.toFixed(0), p50.toFixed(1), p99.toFixed(1), perFrame?.toFixed(1) ?? '-']
  const costs = parts.filter((part) => part !== 'load').map((part) => cpu[part].toFixed(1))
  return [scenario, ...figures, ...costs, otherCores.toFixed(2), broken.length === 0 ? 'holds' : 'BROKEN']
    .map((cell) => cell.padStart(12))
    .join('')
}

const values = readArguments(usage, {
  rounds: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '6' },
  connections: { type: 'string', default: '64' },
  only: { type: 'string', default: deployments.map(({ name }) => name).join(',') },
  kills: { type: 'boolean', default: false },
  'killed-master': { type: 'boolean', default: false },
  seeds: { type: 'string', default: '20' }
})

async function measureAll(): Promise<boolean> {
  const wanted = values.only.split(',')
  const connections = values.connections.split(',').map(Number)
  const measurements: Measurement[] = []
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const [place, name] of wanted.entries()) {
      const deployment = deployments.find((each) => each.name === name)
      if (deployment === undefined) throw new Error(`There is no row ${name} to measure.\n\n${usage}`)
      const options = {
        seconds: Number(values.seconds),
        warmupSeconds: WARMUP_SECONDS,
        connections: connections[place] ?? connections[0] ?? 64
      }
      const measurement = await measure(deployment, round, options)
      measurements.push(measurement)
      console.log(`round ${round}, shards ${name}: ${measurement.perSecond.toFixed(0)}/s`)
      for (const sentence of measurement.proof.broken) console.log(`    not true: ${sentence}`)
    }
  }
  const costs = parts.filter((part) => part !== 'load').map((part) => `${part} µs`)
  const headings = ['shards', 'orders/s', 'p50 ms', 'p99 ms', 'per frame', ...costs, 'others', 'proof']
  console.log(headings.map((heading) => heading.padStart(12)).join(''))
  const summaries = summarize(measurements)
  for (const summary of summaries) console.log(row(summary))
  const one = summaries.find(({ scenario }) => scenario === '1')
  for (const other of summaries.filter((each) => one !== undefined && each !== one))
    console.log(
      `${other.scenario}: ${(costOf(other) / costOf(one as ScenarioSummary)).toFixed(2)} x the CPU of one shard for an order`
    )
  return summaries.every(({ broken }) => broken.length === 0)
}

function chosen(): Promise<boolean> {
  if (values.kills) return sellWithKills(Number(values.seeds))
  if (values['killed-master']) return killMasters({ runs: Number(values.rounds), seconds: Number(values.seconds) })
  return measureAll()
}

process.exitCode = (await chosen()) ? 0 : 1
