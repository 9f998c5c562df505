import { type Static, type TSchema, Type } from 'typebox'
import { kinds } from '../kinds/index.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { explain, tooLarge } from '../parts/explain.ts'
import { type LimitChanges, prices, UnitsOrNone } from '../parts/patch.ts'
import { Admission, Flag, Id, MAX_UNITS, Moment, Stock, Weights } from '../parts/shapes.ts'
import { NoticeOrNone } from './notice.ts'

const closed = { additionalProperties: false }

export const Reason = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: '\\S',
  description: 'must say why, in 1 to 500 characters'
})

const Limits = Type.Object({ unitsPerUser: UnitsOrNone }, closed)

/** The limits of all kinds; a limit that a kind does not have is refused by name, limits that are not named stay. */
const ActivityLimits = Type.Unsafe<LimitChanges>(
  Type.Object(Object.assign({}, ...Object.values(kinds).map(({ limits }) => limits?.fields)), {
    ...closed,
    minProperties: 1,
    description: 'must name at least one limit'
  })
)

/** A new session, or changes of an existing one. */
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
 * Body of PATCH .../activities/{activity}. `session` is an id if it only names the session for `addStock`
 * or `closesAt`; `prize` names the prize of a draw whose quota `addStock` changes.
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
    ...prices,
    limits: Type.Optional(ActivityLimits),
    weights: Type.Optional(Weights),
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
    limits: Type.Optional(Limits),
    notice: Type.Optional(NoticeOrNone)
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
