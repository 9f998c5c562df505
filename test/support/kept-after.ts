import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void

/** Collections of what is young that an object has to live through until it counts as old. */
const UNTIL_OLD = 4

/**
 * How many bytes work leaves that are found by a full garbage collection alone. What lives shortly must not be among them: a process would
 * collect everything each time.
 * @param isWarm resolves once whatever the work begins with is there; it is old then
 */
export async function keptAfter(isWarm: () => Promise<void>, work: () => Promise<void>): Promise<number> {
  await isWarm()
  for (let nth = 0; nth < UNTIL_OLD; nth += 1) collect({ type: 'minor' })
  await work()
  for (let nth = 0; nth < UNTIL_OLD; nth += 1) collect({ type: 'minor' })
  const { heapUsed, external } = process.memoryUsage()
  collect()
  const after = process.memoryUsage()
  return heapUsed + external - after.heapUsed - after.external
}
