import { type Static, Type } from 'typebox'
import { type ActivityDefinition, schemas } from '../kinds/index.ts'
import { CampaignCalendar } from '../parts/calendar.ts'
import { levelFields } from '../parts/levels.ts'
import { Admission, Count, Description, Flag, Id, Moment, oneOf, Title, UnitsPerUser, whole } from '../parts/shapes.ts'

const closed = { additionalProperties: false }

const Unit = Type.Object({ scope: oneOf('account', 'campaign'), expiresAt: Type.Optional(Moment) }, closed)

const Policies = Type.Object(
  {
    releasedOrderReturnsLimit: Type.Optional(Flag),
    revokedWinReturnsQuota: Type.Optional(Flag),
    unusedDailyChances: Type.Optional(oneOf('expire', 'keep')),
    sessionRollover: Type.Optional(oneOf('none')),
    returnRestocks: Type.Optional(Flag),
    clawback: Type.Optional(oneOf('toZero')),
    cancellable: Type.Optional(oneOf('never', 'unpaid', 'unshipped')),
    rewardRelease: Type.Optional(oneOf('automatic', 'review')),
    returnWithinDays: Type.Optional(whole(0, 3650, 'a whole number of days')),
    grantCap: Type.Optional(
      Type.Record(Id, Count, {
        ...closed,
        description:
          'must be the most that a user is granted by unit (or "chances", "entitlement"), such as {"points": 1000}'
      })
    )
  },
  closed
)

/** A definition without its activities, whose schema depends on their `kind`. */
const envelope = {
  $schema: Type.Optional(Type.String({ maxLength: 500, description: 'must be an address of at most 500 characters' })),
  id: Id,
  title: Title,
  description: Type.Optional(Description),
  timezone: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'must be the name of a time zone, such as "Asia/Shanghai"'
  }),
  opensAt: Moment,
  closesAt: Moment,
  calendar: Type.Optional(CampaignCalendar),
  admission: Type.Optional(Admission),
  limits: Type.Optional(Type.Object({ unitsPerUser: Type.Optional(UnitsPerUser) }, closed)),
  units: Type.Optional(
    Type.Record(Id, Unit, {
      ...closed,
      maxProperties: 20,
      description: 'must be at most 20 units by id, such as {"points": {"scope": "account"}}'
    })
  ),
  policies: Type.Optional(Policies),
  ...levelFields
}

export const MAX_ACTIVITIES = 100
const manyActivities = {
  minItems: 1,
  maxItems: MAX_ACTIVITIES,
  description: `must be a list of 1 to ${MAX_ACTIVITIES} activities`
}

const Activity = Type.Union(Object.values(schemas))

/** The published JSON Schema of a definition: every kind, built or not. */
export const DefinitionSchema = Type.Object({ ...envelope, activities: Type.Array(Activity, manyActivities) }, closed)

/**
 * For checking: activities are checked one by one, each by its own kind, so that errors name one kind only; so is the
 * calendar, so that errors name the date.
 */
export const EnvelopeSchema = Type.Object(
  { ...envelope, calendar: Type.Optional(Type.Unknown()), activities: Type.Array(Type.Unknown(), manyActivities) },
  closed
)

/** A definition that `checkDefinition` passed: all its activities are of built kinds. */
export type Definition = Omit<Static<typeof EnvelopeSchema>, 'activities' | 'calendar'> & {
  calendar?: Static<typeof CampaignCalendar>
  activities: ActivityDefinition[]
}
