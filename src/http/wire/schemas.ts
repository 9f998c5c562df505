import { type Static, type TSchema, Type } from 'typebox'
import { DECISION_PATTERN, ID_PATTERN, visiblePattern } from '../../base/shapes.ts'
import { type ProblemCode, problemTable } from '../problems/table.ts'

// Shapes of the public contract. They validate, serialize, and appear in /openapi.json and /schemas.

/** A list of types, because `anyOf` with null would make the serializer validate each value. */
export const NullableTime = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' })
export const Time = Type.String({ description: 'UTC with milliseconds' })
const Key = Type.String({ description: 'the Idempotency-Key' })
export const EVENT_ID = Type.String({ description: 'id of the decision and of its public event' })

/** A user as the issuer of tokens names them; `userOfPath` and `userOfBody` refuse texts that cannot be one. */
export const UserId = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'the subject of their tokens, as issued'
})
/** Of a report by another system. */
export const SourceEventId = Type.String({
  pattern: visiblePattern(1, 256),
  description: 'id of the event at its source; a second report with the same id changes nothing'
})
export const QUANTITY_MAX = 1_000_000

export const OrderStatus = Type.Unsafe<'accepted' | 'paid' | 'cancelled' | 'expired' | 'shipped' | 'returned'>({
  type: 'string',
  enum: ['accepted', 'paid', 'cancelled', 'expired', 'shipped', 'returned']
})

const NullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] })

/** Absent until a shipment is reported. */
const Shipment = Type.Object(
  {
    state: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'as the carrier calls it: in-transit, delivered, ...'
    }),
    carrier: NullableText,
    trackingNumber: NullableText
  },
  { title: 'Shipment' }
)

export const Order = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    sale: Type.String(),
    session: Type.String(),
    quantity: Type.Integer(),
    unitPrice: Type.Integer({ description: 'minor units' }),
    currency: Type.String({ description: 'ISO 4217' }),
    status: OrderStatus,
    acceptedAt: Time,
    payBy: NullableTime,
    shipBy: NullableTime,
    position: Type.Integer({
      description:
        'which unit of the session the first unit of the order is, counted from 1; where there are several shards, of the part of its shard'
    }),
    returned: Type.Optional(Type.Integer({ description: 'units that came back; absent while there are none' })),
    refundDue: Type.Optional(
      Type.Integer({
        description:
          'minor units that have to be paid back, for a cancellation or for units that came back; absent while there are none'
      })
    ),
    shipment: Type.Optional(Shipment),
    pending: Type.Optional(
      Type.Boolean({ description: 'true: the last change is not journaled yet, so it is not promised' })
    )
  },
  { title: 'Order' }
)
export type Order = Static<typeof Order>

/** Money that is due back after a cancellation or a return. */
export const RefundDue = Type.Object(
  {
    amount: Type.Integer({ description: 'minor units' }),
    currency: Type.String({ description: 'ISO 4217' }),
    reference: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'of the payment' })
  },
  { title: 'RefundDue' }
)

export const Confirmed = Type.Object(
  {
    outcome: Type.Literal('confirmed'),
    requestId: Key,
    sequence: Type.Integer(),
    eventId: EVENT_ID,
    order: Order,
    refundDue: Type.Optional(RefundDue)
  },
  { title: 'Confirmed' }
)
export type Confirmed = Static<typeof Confirmed>

export const Pending = Type.Object(
  {
    outcome: Type.Literal('pending'),
    requestId: Key,
    statusUrl: Type.String(),
    retryAfterMs: Type.Integer()
  },
  { title: 'Pending' }
)
export type Pending = Static<typeof Pending>

export const ProblemDocument = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.Unsafe<ProblemCode>({ type: 'string', enum: Object.keys(problemTable) }),
    detail: Type.String(),
    requestId: Type.String()
  },
  { title: 'Problem', additionalProperties: true }
)

/** An answer that is described in words only. */
export const OpenObject = Type.Unsafe<object>({ type: 'object', additionalProperties: true })

/** Refusals in the OpenAPI document; they are sent as text, so no serializer is compiled for them. */
export const refusals = {
  '4xx': {
    description: 'A refusal: read its code',
    content: { 'application/problem+json': { schema: ProblemDocument } }
  },
  '5xx': {
    description: 'No answer yet: read its code',
    content: { 'application/problem+json': { schema: ProblemDocument } }
  }
}

export const decisionAnswers = { 201: Confirmed, 202: Pending, ...refusals }

export const BuyBody = Type.Object(
  { quantity: Type.Integer({ minimum: 1, maximum: QUANTITY_MAX }) },
  { additionalProperties: false, title: 'Buy' }
)

/** An empty object or no body at all. */
export const EmptyBody = Type.Unsafe<Record<string, never> | null>({
  type: ['object', 'null'],
  additionalProperties: false,
  title: 'Empty'
})

export const SaleParams = Type.Object({ campaign: Type.String(), sale: Type.String() })
export const CampaignParams = Type.Object({ campaign: Type.String({ pattern: ID_PATTERN }) })
export const OrderParams = Type.Object({ order: Type.String({ pattern: DECISION_PATTERN }) })
export const WinParams = Type.Object({ win: Type.String({ pattern: DECISION_PATTERN }) })
export const KeyParams = Type.Object({ key: Type.String() })

export const ListQuery = Type.Object(
  {
    campaign: Type.Optional(Type.String({ pattern: ID_PATTERN })),
    limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100, 20 where absent' })),
    // long enough for cursors of the ledger, which name unit and scope too
    cursor: Type.Optional(Type.String({ maxLength: 256, pattern: '^[A-Za-z0-9_-]+$' }))
  },
  { additionalProperties: false }
)

/** A page of a list, newest first. */
export function listOf<Item extends TSchema>(item: Item, title: string) {
  const nextCursor = Type.Unsafe<string | null>({ type: ['string', 'null'] })
  return Type.Object({ items: Type.Array(item), nextCursor }, { title })
}

export const OrderList = listOf(Order, 'OrderList')
