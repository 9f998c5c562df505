import { type Static, Type } from 'typebox'
import { MAX_SESSIONS } from '../../parts/bounds.ts'
import { common, supplied } from '../../parts/common.ts'
import { Currency } from '../../parts/currencies.ts'
import { Daily, Flag, grouped, oneOf, Price, Session, Title, UnitsPerUser, whole } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

export const ShipWithin = Type.Object(
  { businessDays: whole(1, 260, 'a number of business days'), from: oneOf('campaignEnd', 'acceptance') },
  closed
)

/** A flash sale: units of one item at one price, in sessions listed one by one or daily. */
export const SaleSchema = Type.Object(
  {
    ...common,
    ...supplied,
    kind: Type.Literal('sale'),
    title: Title,
    sku: Type.Optional(
      Type.String({ minLength: 1, maxLength: 64, description: 'must be a text of 1 to 64 characters' })
    ),
    listPrice: Type.Optional(Price),
    price: Price,
    free: Type.Optional(Flag),
    currency: Currency,
    unitsPerUser: Type.Optional(UnitsPerUser),
    levelDiscount: Type.Optional(Flag),
    payWithinSeconds: Type.Optional(whole(1, 30 * 24 * 3600, 'a number of seconds')),
    shipWithin: Type.Optional(ShipWithin),
    sessions: Type.Optional(
      Type.Array(Session, {
        minItems: 1,
        maxItems: MAX_SESSIONS,
        description: `must be a list of 1 to ${grouped(MAX_SESSIONS)} sessions`
      })
    ),
    daily: Type.Optional(
      Type.Array(Daily, { minItems: 1, maxItems: 48, description: 'must be a list of 1 to 48 daily sessions' })
    )
  },
  closed
)

export type SaleDefinition = Static<typeof SaleSchema>
