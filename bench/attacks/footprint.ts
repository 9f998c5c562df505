import { readdirSync, readFileSync } from 'node:fs'

/** What processes hold. */
export interface Footprint {
  readonly descriptors: number
  /** MB resident */
  readonly memory: number
}

/** @throws Error when one of them has ended */
export function footprintOf(pids: readonly number[]): Footprint {
  const of = (pid: number): Footprint => {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
    return { descriptors: readdirSync(`/proc/${pid}/fd`).length, memory: Number(kilobytes) / 1024 }
  }
  const all = pids.map(of)
  return {
    descriptors: all.reduce((sum, { descriptors }) => sum + descriptors, 0),
    memory: all.reduce((sum, { memory }) => sum + memory, 0)
  }
}
