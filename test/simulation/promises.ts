import type { Test } from 'tap'
import { faultNames } from './chaos.ts'
import { requests } from './requests.ts'
import { simulate } from './run.ts'

/** Plays `count` seeds from `first` on: no promise is broken, every fault and every kind of request occurs. */
export async function keepEveryPromise(t: Test, first: number, count: number): Promise<void> {
  const failed: string[] = []
  const struck = new Map<string, number>()
  const requested = new Set<string>()
  let steps = 0
  let confirmed = 0
  for (let seed = first; seed < first + count; seed += 1) {
    const result = simulate({ seed })
    if (result.failures.length > 0) failed.push(`seed ${seed}: ${result.failures.join('; ')}`)
    for (const fault of result.faults) struck.set(fault, (struck.get(fault) ?? 0) + 1)
    for (const request of result.requests) requested.add(request)
    steps += result.steps
    confirmed += result.confirmed
  }
  t.strictSame(failed, [], 'play one again: node build/test/simulation/play.js <seed> --trace')
  t.comment(
    `${count} seeds, ${steps} steps, ${confirmed} confirmed; ${[...struck].map((pair) => pair.join(' ')).join(', ')}`
  )
  t.ok(confirmed > count * 3, 'load was flowing')
  const fewest = Math.floor(count / 50)
  const rare = faultNames.filter((name) => (struck.get(name) ?? 0) < fewest)
  t.strictSame(rare, [], `each fault happened at least ${fewest} times`)
  const never = requests.filter((name) => !requested.has(name) && name !== 'worker.position')
  t.strictSame(never, [], 'each kind of request was made')
}
