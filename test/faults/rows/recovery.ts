import { waitFor } from '../../support/wait.ts'
import type { Row } from '../row.ts'
import { campaign, type Scene, sale } from '../scene.ts'
import { askToReopen, endOwnerSession } from './tools.ts'

const points = ['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8', 'R9'] as const

/** Recovery after recovery ends at one of its steps. Which worker comes next is left to chance, none comes twice. */
async function killedAtEachStep(scene: Scene): Promise<string> {
  const { world } = scene
  const [owner] = world.workers
  scene.struck()
  const { epoch } = await world.shard()
  if (scene.seed % 2 === 0) await scene.withRedis((redis) => redis.multi().flushall().script('FLUSH').exec())
  await owner?.kill()
  await askToReopen(scene)
  const strikers = world.workers.slice(1)
  const proof = await Promise.all(strikers.map((worker, index) => worker.hit(points[index] ?? '', 90_000)))
  await Promise.all(strikers.map((worker) => worker.end()))
  await world.startWorker()
  const after = await world.reopened((await world.shard()).epoch - 1)
  scene.healed()
  return `killed at ${proof.length} steps, epoch ${epoch} became ${after}`
}

/** Recoveries stand still one after the other, each without its session; when the last came through, all go on at once. */
async function pausedAtEachStep(scene: Scene): Promise<string> {
  const { world } = scene
  const [owner] = world.workers
  scene.struck()
  await owner?.kill()
  await askToReopen(scene)
  const strikers = world.workers.slice(1)
  const stopped = () => strikers.filter(({ paused }) => paused).length
  for (let count = 1; count <= strikers.length; count++) {
    await waitFor(() => stopped() >= count, { deadlineMs: 60_000, what: `${count} recoveries to stand still` })
    await endOwnerSession(scene)
  }
  await world.startWorker()
  const after = await world.reopened((await world.shard()).epoch)
  scene.healed()
  for (const worker of strikers) worker.signal('SIGCONT')
  const ended = () => strikers.every((worker) => worker.printed('the work on the shard ended') > 0)
  await waitFor(ended, { deadlineMs: 60_000, what: 'the recoveries that stood still to give up' })
  const { epoch, state } = await world.shard()
  if (epoch !== after || state !== 'open') throw new Error(`opened under ${after}, now ${state} under ${epoch}`)
  return `${strikers.length} recoveries stood still at their steps, opened under ${after}, then all went on and gave up`
}

const addition = 10

/** An operator adds stock while the shard is being opened, and repeats it with the same key until they are answered. */
async function adjustedWhileOpening(scene: Scene): Promise<string> {
  const { world } = scene
  const path = `/admin/v1/campaigns/${campaign}/activities/${sale}`
  const body = { addStock: addition, session: 'now', reason: 'more has come' }
  scene.struck()
  let answers = 0
  let retries = 0
  for (let round = 0; round < 3; round++) {
    const epoch = await askToReopen(scene)
    const keys = points.map((point) => `add-${round}-${point}`)
    const adding = keys.map(async (key, index) => {
      const from = performance.now()
      await waitFor(() => performance.now() - from > index * 120, { deadlineMs: 60_000 })
      const added = async () => {
        const { status } = await world.admin({ method: 'PATCH', path, body, key })
        if (status >= 400 && status < 500) throw new Error(`the addition ${key} was answered with ${status}`)
        if (status !== 200) retries++
        return status === 200
      }
      await waitFor(added, { deadlineMs: 60_000, what: `the addition ${key} to be answered` })
      // once more, as somebody who missed the answer
      await added()
      answers++
      scene.stock += addition
    })
    await Promise.all(adding)
    await world.reopened(epoch)
  }
  scene.healed()
  return `${answers} additions of ${addition} units during three openings, repeated with the same key, ${retries} without success at first`
}

function strikesBy(seed: number): 'kill' | 'stop' {
  return seed % 3 === 2 ? 'stop' : 'kill'
}

export const recoveryRows: readonly Row[] = [
  {
    id: 'F38',
    // for each step a worker that strikes itself there
    world: (seed) => ({ standbys: points.map((point) => `${point}:${strikesBy(seed)}:1`) }),
    title: 'Recoveries are killed, or stand still and go on later, at every step: the gate opens at the last one only.',
    sale: { restMeanwhileMs: 4000 },
    // with several shards a session is ended that another recovery goes on with
    expects: { opensAgain: true, mayAlarm: ['RECOVERY_FAILS'] },
    strike: (scene) => (strikesBy(scene.seed) === 'stop' ? pausedAtEachStep(scene) : killedAtEachStep(scene))
  },
  {
    id: 'F47',
    title: 'Stock is added at every step of a recovery, and again with the same key: counted once.',
    world: { workerFails: points.map((point) => `${point}:delay:120:2+`).join(',') },
    sale: { restMeanwhileMs: 6000 },
    expects: { opensAgain: true },
    strike: adjustedWhileOpening
  }
]
