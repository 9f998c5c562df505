import { monotonicMs } from '../running/monotonic.ts'
import { cpuMicros, machineMicros } from './process-cpu.ts'

/** Whose CPU time is told apart. `service` is the process that answers HTTP: gateway, bare Fastify or peer. */
export const parts = ['service', 'redis', 'nats', 'worker', 'postgres', 'load'] as const
export type Part = (typeof parts)[number]

/** Roots of the process trees of each part. */
export type Pids = Record<Part, readonly number[]>

export interface Clocks {
  /** milliseconds of the monotonic clock */
  readonly at: number
  readonly parts: Record<Part, number>
  /** CPU microseconds of everything else on the machine */
  readonly others: number
}

/** Reads all clocks at once. */
export function clocks(pids: Pids): Clocks {
  const spent = cpuMicros(pids)
  const machine = machineMicros()
  return { at: monotonicMs(), parts: spent, others: parts.reduce((rest, part) => rest - spent[part], machine) }
}

/** What was spent between two readings. */
export function difference(after: Clocks, before: Clocks): Clocks {
  const spent = parts.map((part) => [part, after.parts[part] - before.parts[part]])
  const others = Math.max(0, after.others - before.others)
  return { at: after.at - before.at, parts: Object.fromEntries(spent) as Record<Part, number>, others }
}
