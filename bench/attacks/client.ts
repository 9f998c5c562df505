import { nextMessage, startChild, stopChild } from '../running/children.ts'
import type { ClientJob, LoopResult } from './jobs.ts'

const BEYOND_MS = 60_000

export interface Client {
  /** by the name of the loop */
  run(job: ClientJob): Promise<ReadonlyMap<string, LoopResult>>
  stop(): Promise<void>
}

export function startClient(): Client {
  const child = startChild('attacks/client-process.js')
  return {
    async run(job) {
      const answer = nextMessage<LoopResult[]>(child, job.seconds * 1000 + BEYOND_MS, 'A client process')
      child.send(job)
      return new Map((await answer).map((result) => [result.name, result]))
    },
    stop: () => stopChild(child)
  }
}
