import cluster from 'node:cluster'
import { ActivityUse, type UseCounts } from './activity-use.ts'

const FRESH = 'floodgate:use'
const TOTALS = 'floodgate:use:all'
const TELL_EVERY_MS = 500

interface UseMessage {
  readonly type: typeof FRESH | typeof TOTALS
  readonly counts: UseCounts
}

function isUse(message: Partial<UseMessage> | undefined, type: UseMessage['type']): message is UseMessage {
  return message?.type === type && Array.isArray(message.counts)
}

/** The counts of one of several processes: it sends them to the first process and gets the sum back. */
export function createSharedUse(): ActivityUse {
  const use = new ActivityUse(true)
  process.on('message', (message: Partial<UseMessage>) => {
    if (isUse(message, TOTALS)) use.replace(message.counts)
  })
  const timer = setInterval(() => {
    if (!process.connected) return
    const counts = use.take()
    if (counts.length > 0) process.send?.({ type: FRESH, counts } satisfies UseMessage)
  }, TELL_EVERY_MS)
  timer.unref()
  return use
}

/** Adds up the counts of the forked processes and sends all of them the sum, also to processes that start later. */
export function sumUse(): void {
  const all = new ActivityUse()
  let due: NodeJS.Timeout | undefined

  function tellAll(): void {
    due = undefined
    const message: UseMessage = { type: TOTALS, counts: all.totals }
    for (const worker of Object.values(cluster.workers ?? {})) if (worker?.isConnected()) worker.send(message)
  }

  cluster.on('message', (_worker, message: Partial<UseMessage> | undefined) => {
    if (!isUse(message, FRESH)) return
    all.add(message.counts)
    if (due === undefined) due = setTimeout(tellAll, TELL_EVERY_MS)
  })
  cluster.on('online', (worker) => void worker.send({ type: TOTALS, counts: all.totals } satisfies UseMessage))
}
