import { slotOf } from '../../../src/gate/redis/cluster-map.ts'
import { keyPrefix } from '../../../src/record/keys.ts'
import {
  beginMove,
  type ClusterNode,
  endMove,
  moveKeys,
  type RedisCluster,
  redisCluster
} from '../../support/servers/redis-cluster.ts'
import { shardsEnv } from '../../support/servers/servers.ts'
import { waitFor } from '../../support/wait.ts'
import { BrokenError, type Prepared, type Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import type { Lane } from '../world/lane.ts'
import { type ShardRow, shardsOf } from './shards.ts'

const COUNT = 4
const env = shardsEnv(COUNT)
/** shards by master, as their slots lie */
const lying = [[2], [3], [0, 1]] as const

const clusters = new WeakMap<Lane, RedisCluster>()

/** Three masters and their replicas in place of the lane's Redis. */
export async function onCluster(lane: Lane): Promise<Prepared> {
  const stops: Array<() => Promise<void> | void> = []
  const end = async () => {
    for (const stop of stops.reverse()) await stop()
  }
  try {
    const cluster = await redisCluster({ teardown: (stop) => void stops.push(stop) }, { replicated: true })
    const own = lane.with({ ...nodeOf(cluster, 0).server, url: cluster.url })
    clusters.set(own, cluster)
    return { lane: own, end }
  } catch (error) {
    await end()
    throw error
  }
}

function nodeOf({ masters }: RedisCluster, index: number): ClusterNode {
  const node = masters[index]
  if (node === undefined) throw new Error(`the cluster has no master ${index}`)
  return node
}

export function clusterOf({ lane }: Scene): RedisCluster {
  const cluster = clusters.get(lane)
  if (cluster === undefined) throw new Error('this lane has no cluster')
  return cluster
}

/** Waits until just these shards are open under a higher epoch. @throws BrokenError when others were opened again, too */
async function openedAgain(scene: Scene, before: readonly ShardRow[], lost: readonly number[]): Promise<string> {
  const back = async () => {
    const rows = await shardsOf(scene)
    return lost.every((shard) => rows[shard]?.state === 'open' && rows[shard].epoch > (before[shard]?.epoch ?? 0))
  }
  await waitFor(back, { deadlineMs: 120_000, what: `shards ${lost} to be open again` })
  const after = await shardsOf(scene)
  const others = after.filter(
    ({ epoch }, shard) => !lost.some((one) => one === shard) && epoch !== before[shard]?.epoch
  )
  if (others.length > 0) throw new BrokenError('I10', `${others.length} other shards were opened again`)
  return `shards ${lost.join(', ')} were opened again, the others were not`
}

async function killMaster(scene: Scene): Promise<string> {
  const index = scene.seed % lying.length
  const cluster = clusterOf(scene)
  const { server } = nodeOf(cluster, index)
  const before = await shardsOf(scene)
  scene.struck()
  await server.kill()
  const opened = await openedAgain(scene, before, lying[index] ?? [])
  scene.healed()
  await server.restart()
  return `master ${index} was killed and its replica took its place; ${opened}`
}

async function moveSlot(scene: Scene): Promise<string> {
  const index = scene.seed % lying.length
  const shard = lying[index]?.[0] ?? 0
  const slot = slotOf(keyPrefix(scene.world.namespace, shard))
  const cluster = clusterOf(scene)
  const [from, to] = [nodeOf(cluster, index), nodeOf(cluster, (index + 1) % lying.length)]
  const before = await shardsOf(scene)
  scene.struck()
  await beginMove(slot, from, to)
  const moved = await moveKeys(slot, from, to)
  await endMove(slot, cluster, to)
  const opened = await openedAgain(scene, before, [shard])
  scene.healed()
  return `slot ${slot} was moved with ${moved} keys; ${opened}`
}

export const clusterRows: readonly Row[] = [
  {
    id: 'F51',
    title:
      'A master of a cluster is killed and its replica takes its place: its shards alone are opened again, the others go on selling.',
    world: { env },
    prepare: onCluster,
    expects: { sellsMeanwhile: true },
    strike: killMaster
  },
  {
    id: 'F52',
    title:
      'The slot of a shard is moved to another master in the middle of a sale: it alone is opened again, and nothing is lost.',
    world: { env },
    prepare: onCluster,
    expects: { sellsMeanwhile: true },
    strike: moveSlot
  }
]
