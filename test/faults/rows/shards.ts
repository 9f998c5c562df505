import { keyPrefix } from '../../../src/record/keys.ts'
import type { Difference } from '../../support/judging/promise.ts'
import { shardsEnv } from '../../support/servers/servers.ts'
import { waitFor } from '../../support/wait.ts'
import { BrokenError, type Row } from '../row.ts'
import type { Scene } from '../scene.ts'

const COUNT = 4
const env = shardsEnv(COUNT)

export interface ShardRow {
  readonly epoch: number
  readonly state: string
  readonly term: number
}

export async function shardsOf({ world }: Scene): Promise<ShardRow[]> {
  const { rows } = await world.pool.query<ShardRow>(
    'select epoch, state, owner_term as term from shards order by shard'
  )
  return rows
}

/** Everything that Redis has of one shard goes; the owner notices it as it notices a Redis that was wiped. */
async function loseOne(scene: Scene): Promise<string> {
  const lost = 1 + (scene.seed % (COUNT - 1))
  const before = await shardsOf(scene)
  const count = await scene.withRedis(async (redis) => {
    const keys = await redis.keys(`${keyPrefix(scene.world.namespace, lost)}*`)
    scene.struck()
    return redis.del(keys)
  })
  const back = async () => {
    const row = (await shardsOf(scene))[lost]
    return row?.state === 'open' && row.epoch > (before[lost]?.epoch ?? 0)
  }
  await waitFor(back, { deadlineMs: 60_000, what: `shard ${lost} to be open again` })
  scene.healed()
  const after = await shardsOf(scene)
  const others = after.filter(({ epoch }, shard) => shard !== lost && epoch !== before[shard]?.epoch)
  if (others.length > 0) throw new BrokenError('I10', `${others.length} other shards were opened again`)
  return `${count} keys of shard ${lost} were deleted; it was opened under ${after[lost]?.epoch}, the others were not`
}

/** The owners of a shard, by its term: each one who takes it raises that. */
async function killOwner(scene: Scene): Promise<string> {
  const { world } = scene
  const owned = (index: number) => world.worker(index).printed('this worker owns the shard')
  await waitFor(() => owned(1) >= COUNT / 2, { deadlineMs: 60_000, what: 'the second worker to own its part' })
  const before = await shardsOf(scene)
  const [killed, other] = scene.seed % 2 === 0 ? [0, 1] : [1, 0]
  const had = owned(other)
  scene.struck()
  await world.worker(killed).kill()
  const taken = () => owned(other) >= had + COUNT / 2
  await waitFor(taken, { deadlineMs: 60_000, what: 'the other worker to take over' })
  scene.healed()
  const after = await shardsOf(scene)
  const opened = after.filter(({ epoch }, shard) => epoch !== before[shard]?.epoch).length
  if (opened > 0) throw new BrokenError('I10', `${opened} shards were opened again, though nothing of them was lost`)
  const moved = after.filter(({ term }, shard) => term !== before[shard]?.term).length
  return `${world.worker(killed).name} was killed; ${world.worker(other).name} took over ${moved} shards`
}

const steps = ['L1', 'L2', 'L3'] as const

/** Whoever carries units to shards that run low dies once it has begun a loan, had it lent, and had it received. */
async function killCarrier(scene: Scene): Promise<string> {
  const { world } = scene
  const proof: string[] = []
  scene.struck()
  for (const [index, step] of steps.entries()) {
    const worker = world.worker(index)
    proof.push(await worker.hit(step))
    await worker.end()
    const next = steps[index + 1]
    await world.startWorker(next === undefined ? '' : `${next}:kill:1`)
  }
  scene.healed()
  return proof.join('; ')
}

/** No unit is on its way, and each that was lent has come. */
export async function loansWrong({ world }: Scene): Promise<readonly Difference[]> {
  const open = async () => {
    const { rows } = await world.pool.query<{ loan: string }>(
      `select loan_id || ' from ' || from_shard || ' to ' || to_shard || ' is ' || state as loan from loans
       where closing is null or state <> 'void' and (lent_by is null or received_by is null)`
    )
    return rows.map(({ loan }) => loan)
  }
  await waitFor(async () => (await open()).length === 0, { deadlineMs: 30_000, what: 'all loans to be over' }).catch(
    () => {}
  )
  return (await open()).map((loan) => ({ rule: 'I5', what: `loan ${loan}` }))
}

export const shardRows: readonly Row[] = [
  {
    id: 'F49',
    title: 'Of four shards one loses all that Redis had of it: it alone is opened again, and the others go on selling.',
    world: { env },
    expects: { sellsMeanwhile: true, opensAgain: true },
    strike: loseOne
  },
  {
    id: 'F50',
    title:
      'Of two workers that share four shards one is killed: the other takes its shards over, and no shard is closed.',
    world: { env, standbys: [''] },
    expects: { sellsMeanwhile: true, opensAgain: false },
    strike: killOwner
  },
  {
    id: 'F53',
    title:
      'All buyers are of one of four shards, and whoever carries units to it dies at each step of a loan: every unit is sold, once.',
    sale: (seed) => ({ home: { shard: seed % COUNT, count: COUNT } }),
    world: { env, workerFails: 'L1:kill:1' },
    expects: { opensAgain: false },
    strike: killCarrier,
    judge: loansWrong
  }
]
