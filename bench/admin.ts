import { randomUUID } from 'node:crypto'
import { type AdminReply, createAdminClient, refusalText } from '../src/stack/admin-client.ts'
import type { StackFile } from './stack.ts'
import { tokensOf } from './tokens.ts'
import { waitFor } from './wait.ts'

const HOUR_MS = 3_600_000
const ANSWER_WITHIN_MS = 5_000
const OPEN_WITHIN_MS = 10_000

/** A flash sale of one activity `phone` with one session `all-day` that is open now. */
export interface BenchSale {
  readonly campaign: string
  readonly stock: number
  readonly unitsPerUser: number
}

function definition({ campaign, stock, unitsPerUser }: BenchSale): Record<string, unknown> {
  const opensAt = new Date(Date.now() - HOUR_MS).toISOString()
  const closesAt = new Date(Date.now() + 24 * HOUR_MS).toISOString()
  return {
    id: campaign,
    title: 'Benchmark',
    timezone: 'Asia/Shanghai',
    opensAt,
    closesAt,
    limits: { unitsPerUser },
    activities: [
      {
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
    ]
  }
}

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
  const [author, reviewer] = Object.values(stack.operators).map((token) => createAdminClient(stack.adminUrl, token))
  if (author === undefined || reviewer === undefined) throw new Error('stack.json names fewer than two operators.')
  const path = `/campaigns/${sale.campaign}`
  accepted(await author('PUT', path, definition(sale)), `saving ${sale.campaign}`)
  accepted(await author('POST', `${path}/submission`, {}), `submitting ${sale.campaign}`)
  accepted(await reviewer('POST', `${path}/approval`, {}), `approving ${sale.campaign}`)
  accepted(await reviewer('POST', `${path}/publication`, {}), `publishing ${sale.campaign}`)
  const visible = async (): Promise<true | undefined> => {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const { ok } = await fetch(`${stack.publicUrl}/v1/campaigns/${sale.campaign}`, { signal })
    return ok ? true : undefined
  }
  await waitFor(visible, { what: `campaign ${sale.campaign} to open`, withinMs: OPEN_WITHIN_MS })
}

/** One purchase of one unit, by a user of the load. @throws Error when it is not confirmed */
export async function buyOnce(stack: StackFile, path: string): Promise<void> {
  const [token = ''] = tokensOf(stack.tokenSecret, 1)
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

/** The gate's own figures of the sale. @throws Error when the admin API does not tell them */
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
