import { type Static, Type } from 'typebox'
import { visiblePattern } from '../../base/shapes.ts'
import { Currency, currencyCode } from '../parts/currencies.ts'

const closed = { additionalProperties: false }
const Reason = Type.Optional(Type.String({ minLength: 1, maxLength: 500 }))
const Word = (maxLength: number) => Type.String({ minLength: 1, maxLength })

/** A payment; a wrong amount or currency is a CONFLICT and changes nothing. */
export const PaymentBody = Type.Object(
  {
    amount: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'minor units' }),
    currency: Currency,
    reference: Type.String({
      pattern: visiblePattern(1, 64),
      description: 'of the payment; a payment counts once by its reference'
    }),
    reason: Reason
  },
  { ...closed, title: 'Payment' }
)

export type PaymentBody = Static<typeof PaymentBody>

export type CancellationBody = { readonly reason?: string } | null
export const CancellationBody = Type.Unsafe<CancellationBody>({
  ...Type.Object({ reason: Reason }, closed),
  type: ['object', 'null'],
  title: 'Cancellation'
})

export type ShipmentBody = {
  readonly carrier?: string
  readonly trackingNumber?: string
  readonly state?: string
  readonly reason?: string
} | null
export const ShipmentBody = Type.Unsafe<ShipmentBody>({
  ...Type.Object(
    {
      carrier: Type.Optional(Word(100)),
      trackingNumber: Type.Optional(Word(100)),
      state: Type.Optional(Word(100)),
      reason: Reason
    },
    closed
  ),
  type: ['object', 'null'],
  title: 'Shipment'
})

export const ReturnBody = Type.Object(
  {
    quantity: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'all units that are left, where absent' })
    ),
    kind: Type.Optional(Type.Unsafe<'return' | 'exchange'>({ type: 'string', enum: ['return', 'exchange'] })),
    reason: Reason,
    refund: Type.Optional(
      Type.Unsafe<boolean | number>({
        type: ['boolean', 'integer'],
        minimum: 0,
        description: 'whether a refund is due, or its amount in minor units'
      })
    )
  },
  { ...closed, title: 'Return' }
)
export type ReturnBody = Static<typeof ReturnBody>

/** A payment with its currency in capitals, so that another spelling is the same payment. */
export function sameCurrency(body: PaymentBody): PaymentBody {
  return { ...body, currency: currencyCode(body.currency) }
}

/** The bodies of the changes of an order, over HTTP and by commands. */
export const orderBodies = { pay: PaymentBody, cancel: CancellationBody, ship: ShipmentBody, return: ReturnBody }
