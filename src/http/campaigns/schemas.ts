import { type TSchema, Type } from 'typebox'
import { kindNames } from '../../base/kinds.ts'
import { httpKinds, namedKinds } from '../kinds/index.ts'
import { Amounts, ByName, left, limit, nullable, opening, optional, words } from '../kinds/parts/page-schemas.ts'
import { listOf, Time } from '../wire/schemas.ts'

// Shapes of pages; nothing is compiled from these, see kinds/parts/page-schemas.ts.

const CampaignStatus = words('published', 'running', 'paused', 'ended', 'settled')

const schemasOf = (which: 'view' | 'rules'): TSchema[] => kindNames.map((name) => httpKinds[name].page.schemas[which])

/** An activity, by `kind`. */
const Activity = Type.Union(schemasOf('view'))
const ActivityTerms = Type.Union(schemasOf('rules'))

const levels = {
  levels: optional(
    Type.Array(
      Type.Object({
        id: Type.Integer(),
        when: optional(Type.Record(Type.String(), Type.Integer(), { description: 'all of it has to be reached' })),
        privileges: optional(Type.Unsafe<object>({ type: 'object' }))
      })
    )
  ),
  levelScope: optional(words('campaign', 'account'))
}

export const CampaignPage = Type.Object(
  {
    id: Type.String(),
    title: Type.String(),
    description: optional(Type.String()),
    status: CampaignStatus,
    notice: optional(Type.String({ description: 'plain text of an operator, such as when a paused campaign goes on' })),
    version: Type.Integer(),
    timezone: Type.String(),
    opensAt: Time,
    closesAt: Time,
    unitsPerUser: limit('units over all sales for one user'),
    participants: nullable('integer', 'null while it is not known'),
    ...levels,
    activities: Type.Array(Activity)
  },
  { title: 'Campaign' }
)

export const CampaignPages = listOf(CampaignPage, 'CampaignList')

export const RulesPage = Type.Object(
  {
    campaign: Type.String(),
    title: Type.String(),
    version: Type.Integer(),
    revision: Type.Integer({ description: 'rises with every change while it runs' }),
    timezone: Type.String(),
    opensAt: Time,
    closesAt: Time,
    calendar: optional(
      Type.Object(
        { holidays: Type.Array(Type.String()), workdays: Type.Array(Type.String()) },
        {
          title: 'Calendar',
          description: 'days that are not what their weekday says; absent where Monday to Friday are workdays'
        }
      )
    ),
    limits: Type.Object({ unitsPerUser: limit('units over all sales for one user') }),
    policies: Type.Unsafe<object>({ type: 'object', additionalProperties: { type: ['string', 'boolean', 'number'] } }),
    ...levels,
    activities: Type.Array(ActivityTerms),
    odds: Type.Record(Type.String(), ByName('by prize'), { description: 'by draw, for level 0' })
  },
  { title: 'Rules' }
)

const LiveActivity = Type.Object({
  id: Type.String(),
  kind: words(...kindNames),
  ...opening,
  price: optional(Type.Integer()),
  cost: optional(Amounts),
  remaining: optional(left),
  session: optional(nullable('string')),
  ...Object.assign({}, ...namedKinds.map(([, { page }]) => page.schemas.live))
})

/** The data of a `change` of the live stream; a `snapshot` carries a Campaign. */
export const LiveChange = Type.Object(
  {
    status: CampaignStatus,
    notice: optional(
      Type.Object(
        { en: optional(Type.String()), 'zh-CN': optional(Type.String()) },
        { description: 'the notice of the campaign in the languages that it has' }
      )
    ),
    version: Type.Integer(),
    participants: nullable('integer'),
    activities: Type.Array(LiveActivity)
  },
  { title: 'LiveChange' }
)
