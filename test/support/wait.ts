import { poll } from '../../src/stack/processes/wait.ts'

export interface WaitOptions {
  /** how long to wait at most (300,000): what comes sooner costs nothing */
  readonly deadlineMs?: number
  /** what is waited for: names it in the error */
  readonly what?: string
  readonly everyMs?: number
}

/**
 * Waits until `condition` holds.
 * @throws Error when the deadline passes first
 */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  { deadlineMs = 300_000, what = 'the condition', everyMs = 20 }: WaitOptions = {}
): Promise<void> {
  if (await poll(condition, deadlineMs, everyMs)) return
  throw new Error(`Waited ${deadlineMs} ms in vain for ${what}`)
}
