import { nextMessage, startChild, stopChild } from '../running/children.ts'
import type { Account, LoadJob, LoadReply, LoadRequest, LoadResult, OpenJob, OpenLoad, Users } from './messages.ts'

const ACCOUNT_WITHIN_MS = 60_000
const BEYOND_LOAD_MS = 20_000

/** The load process as the bench sees it. */
export interface LoadClient {
  readonly pid: number
  load(job: LoadJob): Promise<LoadResult>
  /** the same by the clock */
  open(job: OpenJob): Promise<OpenLoad>
  /** Asks again for lost answers where a 201 is expected, then counts what the clients of the account were told. */
  account(job: LoadJob): Promise<Account>
  stop(): Promise<void>
}

/** Starts the load process and has it sign its tokens. @throws Error when it does not answer in time */
export async function startLoad(tokens: Users): Promise<LoadClient> {
  const child = startChild('load/load-process.js')

  async function ask<Type extends LoadReply['type']>(
    request: LoadRequest,
    expected: Type,
    withinMs: number
  ): Promise<Extract<LoadReply, { type: Type }>> {
    const answer = nextMessage<LoadReply>(child, withinMs, 'The load process')
    child.send(request)
    const reply = await answer
    if (reply.type === 'failed') throw new Error(`The load failed: ${reply.message}`)
    if (reply.type !== expected) throw new Error(`The load process answered ${reply.type} instead of ${expected}.`)
    return reply as Extract<LoadReply, { type: Type }>
  }

  try {
    await ask({ type: 'tokens', ...tokens }, 'ready', BEYOND_LOAD_MS)
  } catch (error) {
    await stopChild(child)
    throw error
  }
  return {
    pid: child.pid ?? 0,
    load: async (job) => (await ask({ type: 'load', job }, 'loaded', job.seconds * 1000 + BEYOND_LOAD_MS)).result,
    open: async (job) =>
      (await ask({ type: 'open', job }, 'opened', job.arrivals.seconds * 1000 + BEYOND_LOAD_MS)).result,
    account: async (job) => (await ask({ type: 'account', job }, 'accounted', ACCOUNT_WITHIN_MS)).account,
    stop: () => stopChild(child)
  }
}
