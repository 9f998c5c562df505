import type { Static } from 'typebox'
import type { BuyBody, Confirmed, SaleParams } from '../../src/http/wire/schemas.ts'

export const BUY_ROUTE = '/v1/campaigns/:campaign/sales/:sale/orders'

/** A buy as the yardsticks receive it: the gateway's own schemas, no others. */
export interface BuyRequest {
  Params: Static<typeof SaleParams>
  Body: Static<typeof BuyBody>
  Headers: { 'idempotency-key': string }
}

export interface Bought {
  readonly key: string
  readonly campaign: string
  readonly sale: string
  readonly quantity: number
  readonly sequence: number
  readonly position: number
}

/** The answer to a buy, in the gateway's wire form. */
export function confirmation({ key, sequence, ...order }: Bought): Static<typeof Confirmed> {
  const id = `0-0-${sequence}`
  const now = Date.now()
  return {
    outcome: 'confirmed',
    requestId: key,
    sequence,
    eventId: id,
    order: {
      ...order,
      id,
      session: 'all-day',
      unitPrice: 299_900,
      currency: 'CNY',
      status: 'accepted',
      acceptedAt: new Date(now).toISOString(),
      payBy: new Date(now + 900_000).toISOString(),
      shipBy: null
    }
  }
}
