import { join } from 'node:path'
import type { Test } from 'tap'
import type { LoadClient } from '../load/load-client.ts'
import type { Stack } from '../servers/stack.ts'
import { differences } from './differences.ts'
import { gatherEvidence } from './evidence.ts'
import type { Difference, SalePromise } from './promise.ts'

/** A sale that ran: on what, who loaded it, and what it promised. */
interface Sale {
  readonly stack: Stack
  readonly client: LoadClient
  readonly promise: SalePromise
}

const restDeadlineMs = 300_000

/**
 * Makes every answer definite, then compares clients, Postgres, public stream and gate until nothing differs: worker and
 * events may lag a little, but what is lost, doubled or oversold never comes right. The test fails with the differences,
 * the history in a file, and the tails of the logs.
 */
export async function assertSound(t: Test, { stack, client, promise }: Sale): Promise<void> {
  await client.settle(restDeadlineMs)
  const { history } = client
  const giveUpAt = performance.now() + restDeadlineMs
  let found: Difference[] = []
  let trouble: unknown
  do {
    try {
      const evidence = await gatherEvidence(stack.places(), promise.campaign)
      found = differences({ promise, history, evidence })
      trouble = undefined
    } catch (error) {
      trouble = error
    }
  } while ((found.length > 0 || trouble !== undefined) && performance.now() < giveUpAt)
  const said = history.summary()
  t.comment(`${promise.campaign}: ${said}`)
  if (found.length === 0 && trouble === undefined) return void t.pass(`nothing differs: ${said}`)
  const file = join(t.testdir(), `${promise.campaign}.jsonl`)
  history.save(file)
  const shown = found.slice(0, 12).map(({ rule, what }) => `${rule}: ${what}`)
  t.fail(`${found.length} differences, ${said}`, { differences: shown, trouble: String(trouble ?? ''), history: file })
  t.comment(stack.log())
}
