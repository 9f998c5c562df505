import type { Difference } from '../../support/judging/promise.ts'
import type { History } from '../../support/load/history.ts'
import { waitFor } from '../../support/wait.ts'
import type { Child, Footprint } from '../world/child.ts'

/** What one process may hold more at rest than right after its start. */
const moreDescriptors = 20
const moreMb = 220
/** p99 of answers that refuse, whatever is away (ms) */
const refusalMs = 1000
/** fewer answers than this say nothing about a percentile */
const fewestAnswers = 50

/** an answer passes several processes, each as late as the client's timers */
const lagAllowed = 4

const crash = /a promise was rejected and nobody listened|an error was thrown and nobody caught it|unhandled|uncaught/i
const alarm = /"alarm":"([A-Z_]+)"/
/** a condition that is not true while a fault lasts: health that told nothing then would be the fault */
const truth = 'CONDITION'

/** I11: no unhandled rejection, no alarm but those that the row means to raise, and those raised. */
export function logsWrong(
  children: readonly Child[],
  expected: readonly string[],
  allowed: readonly string[]
): Difference[] {
  const found: Difference[] = []
  const raised = new Set<string>()
  for (const child of children) {
    const faulty = child.lines.find((line) => crash.test(line))
    if (faulty !== undefined) found.push({ rule: 'I11', what: `${child.name} wrote: ${faulty.slice(0, 600)}` })
    for (const line of child.lines) {
      const name = alarm.exec(line)?.[1]
      if (name === undefined || name === truth) continue
      raised.add(name)
      if (!expected.includes(name) && !allowed.includes(name))
        found.push({ rule: 'alarm', what: `${child.name}: ${line.slice(0, 400)}` })
    }
  }
  for (const name of expected) {
    if (!raised.has(name)) found.push({ rule: 'alarm', what: `nobody raised the alarm ${name}` })
  }
  return found
}

/** What each process holds now. */
export function footprintsOf(children: readonly Child[]): Map<Child, Footprint> {
  const found = new Map<Child, Footprint>()
  for (const child of children) {
    const footprint = child.footprint()
    if (footprint) found.set(child, footprint)
  }
  return found
}

/** I11: what a process holds is back to what it held before the load. */
function footprintsWrong(before: ReadonlyMap<Child, Footprint>): Difference[] {
  const found: Difference[] = []
  for (const [child, base] of before) {
    const now = child.alive ? child.footprint() : undefined
    if (now === undefined) continue
    if (now.descriptors > base.descriptors + moreDescriptors) {
      const what = `${child.name} holds ${now.descriptors} descriptors, ${base.descriptors} before the load`
      found.push({ rule: 'I11', what })
    }
    if (now.residentMb > base.residentMb + moreMb) {
      found.push({ rule: 'I11', what: `${child.name} holds ${now.residentMb} MB, ${base.residentMb} before the load` })
    }
  }
  return found
}

/** p99 in ms of so many answers. */
export function p99Of(latencies: readonly number[]): { readonly ms: number; readonly count: number } {
  const sorted = [...latencies].sort((a, b) => a - b)
  return { ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0), count: sorted.length }
}

/** I11, when it has calmed down: sockets of a client that is gone close within a moment. */
export async function settledFootprints(before: ReadonlyMap<Child, Footprint>): Promise<Difference[]> {
  let found = footprintsWrong(before)
  const calm = () => {
    found = footprintsWrong(before)
    return found.length === 0
  }
  await waitFor(calm, { deadlineMs: 30_000 }).catch(() => {})
  return found
}

/**
 * I12: whoever is refused hears of it in time, also while a part is away.
 * @param lagMs how late the machine's timers were: a busy machine is no fault of ours
 * @param resumedAt when gateways went on after they were stopped as they stood: what waited in them is not counted
 */
export function refusalsLate(history: History, lagMs: number, resumedAt: readonly number[]): Difference[] {
  const { ms, count } = p99Of(
    (['refused', 'unavailable'] as const).flatMap((kind) => history.latencies(kind, resumedAt))
  )
  if (count < fewestAnswers || ms <= refusalMs + lagAllowed * lagMs) return []
  return [{ rule: 'I12', what: `refusals took ${ms} ms at p99 of ${count}` }]
}
