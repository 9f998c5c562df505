import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { type Checked, checkDefinition, rememberChecked } from './check.ts'

/** From this many values on, the check of a definition would noticeably delay requests of the public port in this process. */
const LARGE = 2000
/** a thread that ended without an answer must not keep the next definition waiting */
const LONGEST_MS = 30_000

function isLarge(value: unknown): boolean {
  const open: unknown[] = [value]
  for (let nodes = 1; open.length > 0; nodes += 1) {
    if (nodes > LARGE) return true
    const next = open.pop()
    if (typeof next === 'object' && next !== null) open.push(...Object.values(next))
  }
  return false
}

/**
 * Checks a large definition in a thread of its own, so that users do not wait for an operator's file; checkDefinition then
 * returns the result for this same object. A small definition is checked by the caller, because a thread takes longer to
 * start. One thread at a time: the next definition waits.
 */
export async function checkApart(input: unknown): Promise<void> {
  if (typeof input !== 'object' || input === null || !isLarge(input)) return
  const before = turn
  turn = before.then(() => inThread(input))
  await turn
}

let turn: Promise<void> = Promise.resolve()

async function inThread(input: object): Promise<void> {
  const worker = new Worker(new URL(import.meta.url))
  try {
    worker.postMessage(input)
    const [checked] = (await once(worker, 'message', { signal: AbortSignal.timeout(LONGEST_MS) })) as [Checked]
    rememberChecked(input, checked)
  } catch {
    // no thread could start: the caller checks the definition itself
  } finally {
    await worker.terminate()
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort
  port.once('message', (input: unknown) => port.postMessage(checkDefinition(input)))
}
