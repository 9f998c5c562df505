import { type Static, type TSchema, Type } from 'typebox'
import { Tier, Weight } from '../kinds/draw/definition.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { explain, tooLarge } from '../parts/explain.ts'
import { Admission, Count, Flag, Id, MAX_UNITS, Moment, Price, Stock, UnitsPerUser } from '../parts/shapes.ts'

const closed = { additionalProperties: false }

export const Reason = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '\\S',
  description: 'must say why, in 1 to 500 characters'
})

const UnitsOrNone = Type.Union([UnitsPerUser, Type.Null()], {
  description: 'must be a whole number of units from 1 to 999,999, or null for no limit'
})

const TimesOrNone = Type.Union([Count, Type.Null()], {
  description: 'must be a whole number from 1 to 1,000,000,000, or null for no limit'
})

const Limits = Type.Object({ unitsPerUser: UnitsOrNone }, closed)

/** Sales and redemptions have `unitsPerUser`, draws the others; what is not named stays. */
const ActivityLimits = Type.Object(
  {
    unitsPerUser: Type.Optional(UnitsOrNone),
    perDay: Type.Optional(TimesOrNone),
    perCampaign: Type.Optional(TimesOrNone),
    winsPerCampaign: Type.Optional(TimesOrNone),
    winsPerTier: Type.Optional(
      Type.Record(Tier, TimesOrNone, {
        ...closed,
        minProperties: 1,
        description: 'must be wins by tier, such as {"1": 1}, or null for a tier without limit'
      })
    )
  },
  { ...closed, minProperties: 1, description: 'must name at least one limit' }
)

/** A session that is new, or what is to change of one that exists. */
const SessionChange = Type.Object(
  {
    id: Id,
    opensAt: Type.Optional(Moment),
    closesAt: Type.Optional(Moment),
    stock: Type.Optional(Stock),
    unitsPerUser: Type.Optional(UnitsOrNone),
    paused: Type.Optional(Flag)
  },
  closed
)

/**
 * Body of PATCH .../activities/{activity}. `session` is an id where it only names one for `addStock` or
 * `closesAt`; `prize` names the prize of a draw whose quota `addStock` changes.
 */
export const ActivityPatch = Type.Object(
  {
    reason: Reason,
    addStock: Type.Optional(
      Type.Integer({
        minimum: -MAX_UNITS,
        maximum: MAX_UNITS,
        description: 'must be a whole number of units from -1,000,000,000 to 1,000,000,000'
      })
    ),
    session: Type.Optional(
      Type.Union([Id, SessionChange], {
        description:
          'must be the id of a session, or {"id", "opensAt"?, "closesAt"?, "stock"?, "unitsPerUser"?, "paused"?}'
      })
    ),
    prize: Type.Optional(Id),
    closesAt: Type.Optional(Moment),
    price: Type.Optional(Price),
    free: Type.Optional(Flag),
    listPrice: Type.Optional(
      Type.Union([Price, Type.Null()], {
        description: 'must be an amount in minor units above the price, or null for no list price'
      })
    ),
    limits: Type.Optional(ActivityLimits),
    weights: Type.Optional(
      Type.Record(Id, Weight, {
        ...closed,
        minProperties: 1,
        description: 'must be weights by prize, such as {"first": 2}'
      })
    ),
    paused: Type.Optional(Flag)
  },
  closed
)

/** Body of PATCH /admin/v1/campaigns/{campaign}. */
export const CampaignPatch = Type.Object(
  {
    reason: Reason,
    closesAt: Type.Optional(Moment),
    admission: Type.Optional(
      Type.Union([Admission, Type.Null()], {
        description: 'must be {"ratePerSecond", "burst"} with whole numbers from 1, or null for no limit'
      })
    ),
    limits: Type.Optional(Limits)
  },
  closed
)

export type ActivityPatch = Static<typeof ActivityPatch>
export type CampaignPatch = Static<typeof CampaignPatch>
export type SessionChange = Static<typeof SessionChange>

/**
 * Checks the body of an adjustment by its schema.
 * @param input the parsed JSON, of any shape
 */
export function checkBody<S extends TSchema>(
  schema: S,
  input: unknown
): { ok: true; body: Static<S> } | { ok: false; errors: DefinitionError[] } {
  const large = tooLarge(input)
  if (large) return { ok: false, errors: [large] }
  const errors = explain(schema, input)
  if (errors.length > 0) return { ok: false, errors }
  return { ok: true, body: input as Static<S> }
}
