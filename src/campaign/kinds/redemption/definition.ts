import { type Static, Type } from 'typebox'
import { common, ownWindow, supplied } from '../../parts/common.ts'
import { Cost, Id, Stock, UnitsPerUser } from '../../parts/shapes.ts'

const closed = { additionalProperties: false }

/** Points for goods, or for codes of a pool. */
export const RedemptionSchema = Type.Object(
  {
    ...common,
    ...supplied,
    ...ownWindow,
    kind: Type.Literal('redemption'),
    cost: Cost,
    stock: Stock,
    unitsPerUser: Type.Optional(UnitsPerUser),
    pool: Type.Optional(Id)
  },
  closed
)

export type RedemptionDefinition = Static<typeof RedemptionSchema>
