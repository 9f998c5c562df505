import type { Row } from '../row.ts'

const points = ['W1', 'W2', 'W3', 'W4'] as const

export const workerRows: readonly Row[] = [
  {
    id: 'F30',
    title: 'The worker is killed at each step of a batch: one row each, and only committed frames leave kept.',
    world: { workerFails: 'W1:kill:6' },
    sale: { restMeanwhileMs: 2000 },
    expects: { opensAgain: false, sellsMeanwhile: true },
    async strike(scene) {
      const { world } = scene
      const proof: string[] = []
      scene.struck()
      for (const [index, point] of points.entries()) {
        const worker = world.worker(index)
        proof.push(await worker.hit(point))
        await worker.end()
        const next = points[index + 1]
        await world.startWorker(next === undefined ? '' : `${next}:kill:${scene.between(2, 5)}`)
      }
      scene.healed()
      return proof.join('; ')
    }
  }
]
