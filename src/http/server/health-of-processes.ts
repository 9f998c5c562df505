import cluster from 'node:cluster'
import type { Health } from '../../gate/batch/outcomes.ts'
import { type Condition, mergeConditions } from '../../health/conditions.ts'

/** The report of one process of a gateway. */
export interface ProcessHealth {
  readonly who: string
  readonly gate: Health
  readonly journal: Health
  readonly postgres: Health
  readonly projection: Health
  readonly conditions: readonly Condition[]
}

const order: readonly Health[] = ['closed', 'degraded', 'ok']

function worst(values: readonly Health[]): Health {
  return order.find((level) => values.includes(level)) ?? 'closed'
}

/** The worst state of all processes, for each part and each condition. */
export function worstOf(all: readonly ProcessHealth[]): Omit<ProcessHealth, 'who'> {
  return {
    gate: worst(all.map(({ gate }) => gate)),
    journal: worst(all.map(({ journal }) => journal)),
    postgres: worst(all.map(({ postgres }) => postgres)),
    projection: worst(all.map(({ projection }) => projection)),
    conditions: mergeConditions(all)
  }
}

const MESSAGE = 'floodgate:health'
const TELL_EVERY_MS = 1000
const SILENT_MS = 5000
/** a process that was forked just now may not have reported yet */
const BORN_MS = 10_000

interface HealthMessage {
  readonly type: typeof MESSAGE
  readonly health: ProcessHealth
}

/** A process of the public port reports its health every second to the process that owns the admin port. */
export function tellPrimary(own: () => Promise<ProcessHealth>): void {
  const timer = setInterval(async () => {
    const health = await own()
    // a primary that is gone ends this process anyway
    if (process.connected) process.send?.({ type: MESSAGE, health } satisfies HealthMessage, undefined, {}, () => {})
  }, TELL_EVERY_MS)
  timer.unref()
}

/** The report for a process that serves requests and does not report: it counts as unable to decide. */
function silent(who: string): ProcessHealth {
  const conditions = [{ name: 'opening', ok: false, detail: 'this gateway process does not answer' }] as const
  return { who, gate: 'closed', journal: 'ok', postgres: 'ok', projection: 'ok', conditions }
}

/** Collects the reports of the forked processes. @returns a function that gives the last ones */
export function hearProcesses(now: () => number = () => performance.now()): () => ProcessHealth[] {
  const heard = new Map<number, { at: number; health: ProcessHealth | undefined }>()
  cluster.on('fork', ({ id }) => heard.set(id, { at: now() + BORN_MS - SILENT_MS, health: undefined }))
  cluster.on('exit', ({ id }) => heard.delete(id))
  cluster.on('message', ({ id }, message: Partial<HealthMessage> | undefined) => {
    if (message?.type === MESSAGE && message.health) heard.set(id, { at: now(), health: message.health })
  })
  return () =>
    [...heard].flatMap(([id, { at, health }]) => {
      const who = `gateway process ${cluster.workers?.[id]?.process.pid ?? id}`
      if (now() - at > SILENT_MS) return [silent(who)]
      return health ? [{ ...health, who }] : []
    })
}
