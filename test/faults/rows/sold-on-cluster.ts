import type pg from 'pg'
import { decodeSpin } from '../../../src/record/reports/spin.ts'
import type { Difference } from '../../support/judging/promise.ts'
import { seededRandom } from '../../support/random.ts'
import type { ClusterNode, RedisCluster } from '../../support/servers/redis-cluster.ts'
import { shardsEnv } from '../../support/servers/servers.ts'
import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { draw, type Supply } from '../soak/campaign.ts'
import { type Fault, type Ground, killGateway, killWorker } from '../soak/faults.ts'
import { playRound } from '../soak/round.ts'
import { soakAlarms } from '../soak/soak-world.ts'
import { clusterOf, onCluster } from './redis-cluster.ts'

const COUNT = 4
const strikeMs = 20_000
const id = 'cluster'
/** few: a spin whose prize has to come from another shard keeps its user waiting */
const supply: Supply = { stock: 200, quotas: { first: 2, second: 6, third: 24 } }

/** How often numbers meant each prize, over all runs. */
export type Picks = Map<string, number>

/** Which of the two is the master now, and which follows it. */
async function roles(cluster: RedisCluster, index: number): Promise<{ master: ClusterNode; replica: ClusterNode }> {
  const [one, other] = [cluster.masters[index], cluster.replicas[index]]
  if (one === undefined || other === undefined) throw new Error(`the cluster has no master ${index}`)
  const [role] = await one.redis.role()
  return role === 'master' ? { master: one, replica: other } : { master: other, replica: one }
}

const says = async ({ redis }: ClusterNode, line: RegExp): Promise<boolean> =>
  line.test(await redis.info('replication').catch(() => ''))

/** Its replica takes its place, and it comes back as a replica of that one. */
async function killMaster(cluster: RedisCluster, { between }: Ground): Promise<string> {
  const index = between(0, cluster.masters.length - 1)
  const { master, replica } = await roles(cluster, index)
  await master.server.kill()
  const what = `the replica of master ${index} to take its place`
  await waitFor(() => says(replica, /^role:master/m), { what, deadlineMs: 60_000 })
  await master.server.restart()
  await waitFor(() => says(master, /^master_link_status:up/m), { what: 'the old master to follow', deadlineMs: 60_000 })
  return `master ${index} of the cluster killed`
}

/** What the number of each spin meant; the end of one that was drawn before has its number. */
async function countPicks(pool: pg.Pool, picks: Picks): Promise<void> {
  const { rows } = await pool.query<{ report: string }>(
    `select report from decisions where campaign_id = $1 and activity_id = $2 and type like 'spin.%' and key not like 'x:spin:%'`,
    [id, draw]
  )
  for (const { report } of rows) {
    const { picked } = decodeSpin(report)
    picks.set(picked, (picks.get(picked) ?? 0) + 1)
  }
}

/** The row, whose runs add to `picks` what their spins meant. */
export function soldOnCluster(picks: Picks = new Map()): Row {
  const differences = new WeakMap<Scene, readonly Difference[]>()
  return {
    id: 'F54',
    title:
      'Masters of a cluster, gateways and workers are killed while one item of four shards sells out and is drawn: nothing lost, doubled or left over.',
    prepare: onCluster,
    world: { env: { ...shardsEnv(COUNT), JOURNAL_MAX_BYTES: String(64 * 1024 ** 2) }, standbys: [''] },
    // the round brings a crowd of its own
    sale: { buyers: 0 },
    expects: { unsold: true, mayAlarm: soakAlarms },
    async strike(scene) {
      const { world, seed } = scene
      const cluster = clusterOf(scene)
      const among: readonly Fault[] = [
        { kind: 'master killed', weight: 2, light: false, strike: (ground) => killMaster(cluster, ground) },
        { kind: 'gateway killed', weight: 1, light: false, strike: killGateway },
        { kind: 'worker killed', weight: 1, light: false, strike: killWorker }
      ]
      const round = {
        world,
        id,
        seed,
        random: seededRandom(seed),
        strikeMs,
        among,
        least: 3,
        timed: false,
        supply,
        folder: world.folder
      }
      const result = await playRound({ ...round, journalLost: false, say: (text) => scene.note(text.trim()) })
      differences.set(scene, result.differences)
      await countPicks(world.pool, picks)
      return `${result.struck.length} kills; ${result.history.summary()}; ${result.desk}`
    },
    judge: async (scene) => differences.get(scene) ?? []
  }
}
