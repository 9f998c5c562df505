import { shardNumbers } from '../../src/base/shards.ts'
import { slotOf } from '../../src/gate/redis/cluster-map.ts'
import { keyPrefix } from '../../src/record/keys.ts'
import { type RedisCluster, redisCluster } from '../../test/support/servers/redis-cluster.ts'
import { type LoadClient, startLoad } from '../load/load-client.ts'
import type { Account, OpenLoad } from '../load/messages.ts'
import { type Proof, proveSale } from '../measuring/proofs.ts'
import { createStops, type Stops } from '../running/stops.ts'
import { waitFor } from '../running/wait.ts'
import { BIG_STOCK, PLENTY } from '../scenarios/buying.ts'
import { buyPath, publishSale } from '../stack/admin.ts'
import { startSide, type World } from '../stack/world.ts'

const COUNT = 4
const USERS = 8000
const CONNECTIONS = 64
const CAPACITY_SECONDS = 3
const PROVEN_WITHIN_MS = 60_000
const OPEN_WITHIN_MS = 60_000
const campaign = 'killed-master'

/** What one run found; times in ms, p99 of confirmed orders. */
interface Found {
  /** shards of the master that was killed */
  readonly lost: readonly number[]
  readonly perSecond: number
  readonly calmP99: number
  readonly killedP99: number
  /** from when the replica answers as a master until the last of its shards is open */
  readonly openMs: number
  readonly isVoid: boolean
  readonly broken: readonly string[]
}

interface Field {
  readonly world: World
  readonly cluster: RedisCluster
  readonly lost: readonly number[]
  /** buyers of the shards that are lost, and of the others */
  readonly loads: readonly [own: LoadClient, others: LoadClient]
}

/** Shards whose slots are with the n-th of three masters with an equal part each. */
function shardsOf(master: number): number[] {
  const slots = 16_384
  const masterOf = (shard: number) => Math.floor((slotOf(keyPrefix('floodgate', shard)) * 3) / slots)
  return shardNumbers(COUNT).filter((shard) => masterOf(shard) === master)
}

async function startField(run: number, stops: Stops): Promise<Field> {
  const ends: Array<() => Promise<void> | void> = []
  const end = async () => {
    for (const one of ends.reverse()) await one()
  }
  const starting = redisCluster({ teardown: (one) => void ends.push(one) }, { replicated: true })
  const cluster = await stops.after(starting, end)
  const world = await startSide({ users: USERS }, stops, {
    settings: { SHARDS: String(COUNT), REDIS_URL: cluster.url }
  })
  const lost = shardsOf(run % cluster.masters.length)
  const load = (among: readonly number[]) =>
    stops.after(startLoad({ secret: world.file.tokenSecret, users: USERS, home: { among, count: COUNT } }), (one) =>
      one.stop()
    )
  const others = shardNumbers(COUNT).filter((shard) => !lost.includes(shard))
  return { world: { ...world, shards: COUNT }, cluster, lost, loads: [await load(lost), await load(others)] }
}

const requestOf = (url: string) => ({
  url,
  path: buyPath(campaign),
  body: '{"quantity":1}',
  expectedStatus: 201,
  connections: CONNECTIONS
})

/** Confirmations a second that a closed loop gets. */
async function capacityOf({ world }: Field): Promise<number> {
  const job = { ...requestOf(world.file.publicUrl), account: `${campaign}-all` }
  await world.load.load({ ...job, seconds: 1 })
  const { answered, startedAt, endedAt } = await world.load.load({ ...job, seconds: CAPACITY_SECONDS })
  return (answered / (endedAt - startedAt)) * 1000
}

/** Both kinds of buyers come by the clock, as many as their shards are of all. */
async function buyers({ world, lost, loads }: Field, { perSecond, seconds }: { perSecond: number; seconds: number }) {
  const shares = [lost.length / COUNT, (COUNT - lost.length) / COUNT]
  const results = await Promise.all(
    loads.map((load, index) =>
      load.open({
        account: `${campaign}-${index}`,
        url: world.file.publicUrl,
        requests: [{ kind: 'buy', weight: 1, method: 'POST', path: buyPath(campaign), body: '{"quantity":1}' }],
        arrivals: { perSecond: perSecond * (shares[index] ?? 0), seconds },
        connections: 1000
      })
    )
  )
  return results[1] as OpenLoad
}

const p99Of = ({ outcomes }: OpenLoad): number =>
  outcomes.find(({ outcome }) => outcome === 'confirmed')?.p99 ?? Number.NaN

/** @returns ms from the replica's first answer as a master until all its shards are open again */
async function killAndWatch({ world, cluster, lost }: Field, master: number): Promise<number> {
  const rows = async () =>
    (
      await world.database.query<{ epoch: number; state: string }>(
        'select epoch::int, state from shards order by shard'
      )
    ).rows
  const before = await rows()
  await cluster.masters[master]?.server.kill()
  const isMaster = async () =>
    (await cluster.replicas[master]?.redis.info('replication').catch(() => ''))?.includes('role:master')
      ? true
      : undefined
  await waitFor(isMaster, { what: 'the replica to answer as a master', withinMs: OPEN_WITHIN_MS })
  const answeredAt = performance.now()
  const areOpen = async () => {
    const now = await rows()
    const open = lost.every((shard) => now[shard]?.state === 'open' && now[shard].epoch > (before[shard]?.epoch ?? 0))
    return open ? true : undefined
  }
  await waitFor(areOpen, { what: 'its shards to be open', withinMs: OPEN_WITHIN_MS })
  return performance.now() - answeredAt
}

/** What all clients were told together. */
async function accounts({ world, loads }: Field): Promise<Account> {
  const url = world.file.publicUrl
  const told = [
    await world.load.account({ ...requestOf(url), account: `${campaign}-all`, seconds: 0 }),
    ...(await Promise.all(
      loads.map((load, index) => load.account({ ...requestOf(url), account: `${campaign}-${index}`, seconds: 0 }))
    ))
  ]
  const sum = (of: (account: Account) => number) => told.reduce((all, account) => all + of(account), 0)
  return {
    confirmed: sum(({ confirmed }) => confirmed),
    units: sum(({ units }) => units),
    distinctKeys: sum(({ distinctKeys }) => distinctKeys),
    distinctSequences: sum(({ distinctSequences }) => distinctSequences),
    distinctOrders: sum(({ distinctOrders }) => distinctOrders),
    askedAgain: sum(({ askedAgain }) => askedAgain),
    unresolved: sum(({ unresolved }) => unresolved),
    lastOrder: null
  }
}

async function proven(field: Field): Promise<string[]> {
  const account = await accounts(field)
  const prove = (): Promise<Proof> => proveSale(field.world, { campaign, stock: BIG_STOCK, soldBefore: 0 }, account)
  const holds = async () => ((await prove()).broken.length === 0 ? true : undefined)
  await waitFor(holds, { what: 'every order to be stored and told', withinMs: PROVEN_WITHIN_MS }).catch(() => undefined)
  const unknown =
    account.unresolved > 0 ? [`every key got its answer when asked again (${account.unresolved} did not)`] : []
  return [...unknown, ...(await prove()).broken]
}

async function killOnce(run: number, seconds: number): Promise<Found> {
  const stops = createStops()
  try {
    const field = await startField(run, stops)
    await publishSale(field.world.file, { campaign, stock: BIG_STOCK, unitsPerUser: PLENTY })
    const perSecond = (await capacityOf(field)) / 3
    const calm = await buyers(field, { perSecond, seconds })
    const [killed, openMs] = await Promise.all([
      buyers(field, { perSecond, seconds }),
      new Promise((later) => setTimeout(later, seconds * 250)).then(() => killAndWatch(field, run % 3))
    ])
    return {
      lost: field.lost,
      perSecond,
      calmP99: p99Of(calm),
      killedP99: p99Of(killed),
      openMs,
      isVoid: calm.void || killed.void,
      broken: await proven(field)
    }
  } finally {
    await stops.all()
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/**
 * A third of what a closed loop confirms comes by the clock, and one of three masters is killed: how long orders of the other shards take, and when
 * its own are open again. Judges only what was sold; times are printed with their goals, because they are the machine's as well.
 */
export async function killMasters({ runs, seconds }: { runs: number; seconds: number }): Promise<boolean> {
  const found: Found[] = []
  for (let run = 0; run < runs; run += 1) {
    const one = await killOnce(run, seconds)
    found.push(one)
    const { lost, perSecond, calmP99, killedP99, openMs, isVoid } = one
    const times = `p99 of the others ${calmP99.toFixed(1)} ms before and ${killedP99.toFixed(1)} ms with it, open ${openMs.toFixed(0)} ms after it answers`
    console.log(
      `run ${run + 1}, shards ${lost.join(', ')} lost at ${perSecond.toFixed(0)}/s: ${times}${isVoid ? ' (void: the generator lagged)' : ''}`
    )
    for (const sentence of one.broken) console.log(`    not true: ${sentence}`)
  }
  const [calm, killed] = [median(found.map(({ calmP99 }) => calmP99)), median(found.map(({ killedP99 }) => killedP99))]
  const most = Math.max(calm * 1.25, calm + 10)
  console.log(
    `median p99 of the others ${killed.toFixed(1)} ms, at most ${most.toFixed(1)} ms wanted (${calm.toFixed(1)} ms without a kill)`
  )
  console.log(`slowest opening ${Math.max(...found.map(({ openMs }) => openMs)).toFixed(0)} ms, at most 1500 ms wanted`)
  return found.every(({ broken }) => broken.length === 0)
}
