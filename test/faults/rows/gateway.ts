import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'

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
  await waitFor(lost, { deadlineMs: 5000, what: 'an answer to be lost' })
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
    sale: { restMeanwhileMs: 1500 },
    expects: { opensAgain: false, sellsMeanwhile: true },
    async strike(scene) {
      const first = await gatewayEndsItself(scene, 0, 'G5')
      scene.struck()
      await scene.world.startGateway(`G6:kill:${scene.between(3, 12)}`)
      await scene.world.ready()
      scene.updateGateways()
      return `${first}; ${await gatewayEndsItself(scene, 2, 'G6')}`
    }
  }
]
