import { randomUUID } from 'node:crypto'
import { type AdminClient, type AdminReply, createAdminClient, refusalText } from '../../src/stack/admin-client.ts'
import { waitFor } from '../running/wait.ts'
import type { StackFile } from './stack.ts'
import { tokensOf } from './tokens.ts'

const HOUR_MS = 3_600_000
const ANSWER_WITHIN_MS = 5_000
const OPEN_WITHIN_MS = 10_000
const BAD_REQUEST = 400

/** Where the sale of a bench is bought from. */
export const buyPath = (campaign: string): string => `/v1/campaigns/${campaign}/sales/phone/orders`

/** A flash sale of one activity `phone` with one session `all-day` that is open now. */
export interface BenchSale {
  readonly campaign: string
  readonly stock: number
  readonly unitsPerUser: number
}

/** The sale of the benches as a part of a definition. */
export function saleOf(
  { stock, unitsPerUser }: Omit<BenchSale, 'campaign'>,
  opensAt: string,
  closesAt: string
): Record<string, unknown> {
  return {
    id: 'phone',
    kind: 'sale',
    sku: 'PH-1',
    title: 'Phone',
    category: 'digital',
    sort: 1,
    listPrice: 399_900,
    price: 299_900,
    currency: 'CNY',
    unitsPerUser,
    payWithinSeconds: 86_400,
    sessions: [{ id: 'all-day', opensAt, closesAt, stock }]
  }
}

/** A draw that costs the day's own chances: one spin in ten wins. */
export const benchDraw = (stock: number): Record<string, unknown> => ({
  id: 'wheel',
  kind: 'draw',
  title: 'Wheel',
  chances: { daily: 1000 },
  fallback: 'thanks',
  prizes: [
    { id: 'phone', tier: 1, title: 'Phone', type: 'physical', quota: stock, weight: 1, value: 399_900 },
    { id: 'cup', tier: 2, title: 'Cup', type: 'physical', quota: stock, weight: 9, value: 1_900 },
    { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 90 }
  ]
})

/** An item of the mall for one point. */
export const benchItem = (stock: number): Record<string, unknown> => ({
  id: 'cup',
  kind: 'redemption',
  title: 'Cup',
  cost: { points: 1 },
  stock
})

/** @throws Error with the API's words when it refuses */
function accepted({ status, body }: AdminReply, step: string): unknown {
  if (status >= 300) throw new Error(`${step} was refused: ${refusalText({ status, body })}`)
  return body
}

/**
 * Takes a sale through the same review as any other: saved and submitted by one operator, approved by a second one,
 * published, and then waited for until storefronts see it.
 * @throws Error naming the refused step
 */
export async function publishSale(stack: StackFile, sale: BenchSale): Promise<void> {
  const { opensAt, closesAt } = openNow()
  await publish(stack, sale.campaign, {
    opensAt,
    closesAt,
    limits: { unitsPerUser: sale.unitsPerUser },
    activities: [saleOf(sale, opensAt, closesAt)]
  })
}

/** Opening and closing times of a campaign that is open now. */
export function openNow(): { opensAt: string; closesAt: string } {
  return {
    opensAt: new Date(Date.now() - HOUR_MS).toISOString(),
    closesAt: new Date(Date.now() + 24 * HOUR_MS).toISOString()
  }
}

/** Publishes any campaign that is open now, in the same way. @param parts its activities, and its limits where it has some */
export async function publish(stack: StackFile, campaign: string, parts: Record<string, unknown>): Promise<void> {
  const definition = { id: campaign, title: 'Benchmark', timezone: 'Asia/Shanghai', ...openNow(), ...parts }
  const [author, reviewer] = Object.values(stack.operators).map((token) => createAdminClient(stack.adminUrl, token))
  if (author === undefined || reviewer === undefined) throw new Error('stack.json names fewer than two operators.')
  const path = `/campaigns/${campaign}`
  const saved = accepted(await author('PUT', path, definition), `saving ${campaign}`) as { readonly version?: number }
  const named = saved.version === undefined ? {} : { version: saved.version }
  const step = async (client: AdminClient, name: string): Promise<void> => {
    const reply = await client('POST', `${path}/${name}`, named)
    // versions before 0.2 know no version in the body and refuse the member
    accepted(
      reply.status === BAD_REQUEST ? await client('POST', `${path}/${name}`, {}) : reply,
      `${name} of ${campaign}`
    )
  }
  await step(author, 'submission')
  await step(reviewer, 'approval')
  await step(reviewer, 'publication')
  const visible = async (): Promise<true | undefined> => {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const { ok } = await fetch(`${stack.publicUrl}/v1/campaigns/${campaign}`, { signal })
    return ok ? true : undefined
  }
  await waitFor(visible, { what: `campaign ${campaign} to open`, withinMs: OPEN_WITHIN_MS })
}

/** One purchase of one unit, by a user of the load. @throws Error when it is not confirmed */
export async function buyOnce(stack: StackFile, path: string): Promise<void> {
  const [token = ''] = tokensOf({ secret: stack.tokenSecret, users: 1 })
  const response = await fetch(new URL(path, stack.publicUrl), {
    method: 'POST',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID()
    },
    body: JSON.stringify({ quantity: 1 })
  })
  if (response.status !== 201) throw new Error(`The first purchase got ${response.status}: ${await response.text()}`)
}

export interface SaleState {
  readonly total: number
  readonly remaining: number
}

/** The gate's own figures of the sale. @throws Error when the admin API does not answer with them */
export async function readState(stack: StackFile, campaign: string): Promise<SaleState> {
  const [token = ''] = Object.values(stack.operators)
  const reply = await createAdminClient(stack.adminUrl, token)('GET', `/campaigns/${campaign}/state`)
  const state = accepted(reply, `reading the state of ${campaign}`) as {
    readonly activities: ReadonlyArray<{ readonly sessions: readonly SaleState[] }>
  }
  const session = state.activities[0]?.sessions[0]
  if (session === undefined) throw new Error(`The state of ${campaign} names no session: ${JSON.stringify(state)}`)
  return session
}
