import type { Problem } from './problems.ts'
import { type Challenge, solvePuzzles } from './puzzles.ts'
import type { Patience } from './retry.ts'
import { PASSING, type Sender } from './sender.ts'
import { type Call, limited } from './transport.ts'

/** The right to send one request, for a few minutes. */
export interface Ticket {
  /** for the act with the same key */
  ticket: string
  expiresAt: string
}

/** Where tickets are given, and for what. */
export interface TicketPlace {
  readonly path: string
  readonly activity: string
}

interface TicketWish extends TicketPlace {
  readonly key: string
  readonly signal?: AbortSignal | undefined
  /** hears that the device begins to compute */
  readonly onWork?: (() => void) | undefined
}

/** What came of asking: `problem` where a gateway refuses, neither where time is up. */
type Asked<Body> = { readonly body?: Body; readonly problem?: Problem }

async function ask<Body>(sender: Sender, patience: Patience, call: Call): Promise<Asked<Body>> {
  for (;;) {
    const reply = await sender.send(call, patience)
    if (reply.kind === 'body') return { body: reply.body as Body }
    if (reply.kind === 'problem' && !PASSING.has(reply.problem.code)) return { problem: reply.problem }
    if (!(await patience.again(reply.kind === 'problem' ? reply.askedMs : undefined))) return {}
  }
}

/** Gets a ticket: asks for a challenge, solves it, and gives the solution for it. Never throws. */
export async function getTicket(sender: Sender, patience: Patience, wish: TicketWish): Promise<Asked<Ticket>> {
  const { path, activity, key, signal, onWork } = wish
  const post = { method: 'POST', path, key, signal } as const
  const asked = await ask<{ challenge: Challenge }>(sender, patience, { ...post, body: { activity } })
  if (asked.body === undefined) return { ...(asked.problem && { problem: asked.problem }) }
  const { challenge } = asked.body
  onWork?.()
  const time = limited(patience.leftMs, signal)
  try {
    const solution = await solvePuzzles(challenge, time.signal)
    return await ask(sender, patience, { ...post, body: { activity, challenge: challenge.token, solution } })
  } catch {
    // given up, too late, or nothing that can be solved by computing
    return {}
  } finally {
    time.done()
  }
}
