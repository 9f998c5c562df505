import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'

export const natsRows: readonly Row[] = [
  {
    id: 'F21',
    title: 'NATS is killed and restarted: orders are pending meanwhile, then all are published, one row each.',
    expects: { opensAgain: false },
    async strike(scene) {
      const nats = scene.lane.server('nats')
      const pid = nats.pid()
      const before = scene.load.count('pending')
      scene.struck()
      await nats.kill()
      const told = () => scene.load.count('pending') > before
      await waitFor(told, { deadlineMs: 10_000, what: 'an order to be pending' })
      await nats.restart()
      scene.healed()
      return `NATS ${pid} was killed, ${nats.pid()} runs; ${scene.load.count('pending') - before} answers pending meanwhile`
    }
  }
]
