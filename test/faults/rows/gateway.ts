import type { Difference } from '../../support/judging/promise.ts'
import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { lasting, outboxEmpty } from './tools.ts'

/** The n-th hit of a point once the sale runs; publication alone is four decisions. */
function inMidSale(seed: number): number {
  return 14 + ((seed * 5) % 13)
}

/** A gateway ends itself at a point; buyers go on at the other ones, as behind a load balancer. */
async function gatewayEndsItself(scene: Scene, index: number, point: string): Promise<string> {
  const { world, load } = scene
  const { child } = world.gateway(index)
  const hit = await child.hit(point)
  const how = await child.end()
  if (how !== 'signal SIGKILL') throw new Error(`${child.name} ended with ${how}`)
  scene.healed()
  // its last requests are retried at once
  const lost = () => load.count('unknown') > 0
  await waitFor(lost, { deadlineMs: 60_000, what: 'an answer to be lost' })
  scene.updateGateways()
  return `${hit}; ${load.count('unknown')} answers lost`
}

function killedAt(id: string, point: string, when: string): Row {
  return {
    id,
    title: `A gateway is killed ${when}: at most one decision, and a retry or the status tells it.`,
    world: (seed) => ({ gatewayFails: `${point}:kill:${inMidSale(seed)}` }),
    expects: { opensAgain: false },
    strike: (scene) => gatewayEndsItself(scene, 0, point)
  }
}

export const gatewayRows: readonly Row[] = [
  killedAt('F01', 'G1', 'before it sends the script'),
  killedAt('F02', 'G2', 'when the script is sent and its reply not read'),
  killedAt('F03', 'G3', 'when it has decided and not published'),
  killedAt('F04', 'G4', 'when it has published and not read the ack'),
  {
    id: 'F05',
    title: 'A gateway is killed when it has read the ack and not answered, another when it has answered.',
    world: (seed) => ({ gatewayFails: `G5:kill:${inMidSale(seed)}` }),
    // units must be left for the second gateway, however long a busy machine takes to start it
    sale: { restMeanwhileMs: 5000 },
    expects: { opensAgain: false, sellsMeanwhile: true },
    async strike(scene) {
      const first = await gatewayEndsItself(scene, 0, 'G5')
      scene.struck()
      await scene.world.startGateway(`G6:kill:${scene.between(3, 12)}`)
      await scene.world.ready()
      scene.updateGateways()
      return `${first}; ${await gatewayEndsItself(scene, 2, 'G6')}`
    }
  },
  {
    id: 'F06',
    title:
      'A gateway stands still before it publishes, then goes on: the relay has published, the late copy changes nothing.',
    world: (seed) => ({ gatewayFails: `G3:stop:${inMidSale(seed)}` }),
    sale: { restMeanwhileMs: 4000 },
    expects: { opensAgain: false, sellsMeanwhile: true },
    async strike(scene) {
      const { world } = scene
      const { child } = world.gateway(0)
      const hit = await child.hit('G3')
      scene.struck()
      scene.updateGateways()
      // the relay takes what is older than a second
      await lasting(scene.seed === 1 ? 30_000 : 3000)
      await outboxEmpty(scene)
      const { rows } = await world.pool.query<{ count: number }>('select count(*)::int as count from frames')
      child.signal('SIGCONT')
      await outboxEmpty(scene)
      scene.healed()
      return `${hit}; the outbox was empty, and ${rows[0]?.count} frames stored, before it went on`
    }
  },
  {
    id: 'F07',
    title:
      'A gateway is asked to end under load: what is in flight is answered, it exits in time, its outbox is empty.',
    world: { env: { DRAIN_MS: '4000' } },
    expects: { opensAgain: false },
    async strike(scene) {
      const { world } = scene
      const { child } = world.gateway(0)
      // nobody relays for it
      const worker = world.worker(0)
      worker.signal('SIGSTOP')
      scene.struck()
      const askedAt = performance.now()
      child.signal('SIGTERM')
      const how = await child.end(10_000)
      const ms = Math.round(performance.now() - askedAt)
      scene.updateGateways()
      await outboxEmpty(scene)
      worker.signal('SIGCONT')
      scene.healed()
      if (how !== 'exit code 0') throw new Error(`the gateway ended with ${how}`)
      if (ms > 4000 + 20 * scene.load.lagMs) throw new Error(`the gateway took ${ms} ms to end`)
      return `it ended after ${ms} ms with ${how}, and the outbox is empty`
    },
    // asked after the gateway had let go: not its answer
    judge: async (scene) => answersCut(scene)
  }
]

/** Requests under way whose connection broke without anybody's wish, while the gateway was ending. */
function answersCut(scene: Scene): Difference[] {
  const { attempts } = scene.load.history()
  return attempts
    .filter(({ answeredAt = 0 }) => answeredAt >= scene.struckAt && answeredAt <= scene.healedAt)
    .filter(({ result }) => /ECONNRESET|hang up|aborted/.test(result?.reason ?? ''))
    .map(({ purchase, result }) => ({ rule: 'drain', what: `${purchase.key} was cut: ${result?.reason}` }))
}
