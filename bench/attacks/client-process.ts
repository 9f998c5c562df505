import type { ClientJob, LoopResult } from './jobs.ts'
import { openLoop } from './open-loop.ts'
import { pipeline } from './pipeline.ts'

/** A crowd or an attacker, a process of its own so that neither waits for the other. */
async function run({ seconds, loops, pipelines }: ClientJob): Promise<LoopResult[]> {
  const [results] = await Promise.all([
    Promise.all(loops.map((job) => openLoop(job, seconds))),
    Promise.all(pipelines.map((job) => pipeline(job, seconds)))
  ])
  return results
}

process.on('message', (job: ClientJob) => {
  void run(job).then((results) => process.send?.(results))
})
process.on('disconnect', () => process.exit(0))
