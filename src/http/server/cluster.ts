import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'

/** A worker ends with this code when starting again cannot help: a port in use, a wrong setting, an old schema. */
export const HOPELESS_EXIT = 78

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000
/** a process that lived this long did not die because of its start */
const HEALTHY_MS = 5000

interface WorkersOptions {
  readonly count: number
  readonly logger: Logger
  /** called with the pids of all living workers whenever they change */
  readonly onChange: (pids: number[]) => void
  /** called when a worker ended for a reason that starting it again cannot remove */
  readonly onHopeless: () => void
}

export interface Workers {
  /** Asks all workers to stop and waits until they are gone; kills them after `ms`. */
  stop(ms: number): Promise<void>
}

function pidsNow(): number[] {
  return Object.values(cluster.workers ?? {}).flatMap((worker) =>
    worker?.process.pid === undefined ? [] : [worker.process.pid]
  )
}

/** Forks the workers that serve the public port, and forks a dead one again, with back-off if it died right after its start. */
export function startWorkers({ count, logger, onChange, onHopeless }: WorkersOptions): Workers {
  let stopping = false
  let pauseMs = FIRST_PAUSE_MS
  const bornAt = new Map<number, number>()

  function fork(): void {
    const worker = cluster.fork()
    bornAt.set(worker.id, Date.now())
    onChange(pidsNow())
  }

  cluster.on('exit', (worker: Worker, code: number, signal: string) => {
    const lived = Date.now() - (bornAt.get(worker.id) ?? 0)
    bornAt.delete(worker.id)
    onChange(pidsNow())
    if (stopping) return
    if (code === HOPELESS_EXIT) {
      onHopeless()
      return
    }
    pauseMs = lived >= HEALTHY_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    logger.warn({ pid: worker.process.pid, code, signal, pauseMs }, 'a gateway process died; starting it again')
    setTimeout(() => {
      if (!stopping) fork()
    }, pauseMs)
  })
  for (let index = 0; index < count; index += 1) fork()

  return {
    async stop(ms) {
      stopping = true
      const living = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
      const gone = living.map((worker) => new Promise((resolve) => worker.once('exit', resolve)))
      for (const worker of living) worker.process.kill('SIGTERM')
      const timer = setTimeout(() => {
        for (const worker of living) worker.process.kill('SIGKILL')
      }, ms)
      await Promise.all(gone)
      clearTimeout(timer)
    }
  }
}
