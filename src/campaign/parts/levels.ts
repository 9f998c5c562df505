import { type Static, Type } from 'typebox'
import { userField } from '../../record/fields.ts'
import { type Add, checkUnique } from './check.ts'
import type { Fields } from './fields.ts'
import { Id, oneOf, whole } from './shapes.ts'

const closed = { additionalProperties: false }
const Reached = whole(1, 1_000_000_000)

/** What a level can rest on; all that are named have to be reached. */
const When = Type.Object(
  {
    shares: Type.Optional(Reached),
    visits: Type.Optional(Reached),
    registrations: Type.Optional(Reached),
    orders: Type.Optional(Reached),
    conversions: Type.Optional(Reached),
    points: Type.Optional(Reached),
    amount: Type.Optional(Reached)
  },
  { ...closed, minProperties: 1, description: 'must name what has to be reached, such as {"points": 100}' }
)

const Privileges = Type.Object(
  {
    earlySeconds: Type.Optional(whole(0, 86_400, 'a number of seconds')),
    extraUnits: Type.Optional(whole(0, 1000, 'a whole number of units')),
    discountPercent: Type.Optional(whole(0, 99, 'a whole number of percent')),
    flags: Type.Optional(
      Type.Array(Id, { maxItems: 20, uniqueItems: true, description: 'must be a list of at most 20 words' })
    )
  },
  closed
)

const Level = Type.Object(
  { id: whole(1, 100), when: Type.Optional(When), privileges: Type.Optional(Privileges) },
  closed
)

export type LevelDefinition = Static<typeof Level>
type LevelMetric = keyof Static<typeof When>

/** The fields of a definition about levels. */
export const levelFields = {
  levels: Type.Optional(
    Type.Array(Level, { minItems: 1, maxItems: 100, description: 'must be a list of 1 to 100 levels' })
  ),
  levelScope: Type.Optional(oneOf('campaign', 'account'))
}

/** The levels of a campaign in force, sorted by id; rules of earlier versions have none. */
interface LevelRules {
  readonly id: string
  readonly levels?: LevelDefinition[]
  readonly levelScope?: 'campaign' | 'account'
}

/** What of a campaign its levels can rest on. */
interface Restable {
  /** of what it sells */
  readonly currencies: ReadonlySet<string>
  /** whether users share in it */
  readonly isShared: boolean
}

/** What follows from shares, not from what their user decides. */
const ofShares: readonly LevelMetric[] = ['shares', 'visits', 'registrations', 'orders', 'conversions']

/** Checks what the schema of levels cannot say. */
export function checkLevels(levels: readonly LevelDefinition[], { currencies, isShared }: Restable, add: Add): void {
  checkUnique(
    levels.map(({ id }) => id),
    (index) => `/levels/${index}/id`,
    add
  )
  for (const [index, { when = {} }] of levels.entries()) {
    const here = `/levels/${index}/when`
    for (const metric of ofShares) {
      if (metric in when && !isShared) add(`${here}/${metric}`, 'needs an activity by which users share')
    }
    if ('amount' in when && currencies.size !== 1) {
      add(`${here}/amount`, 'needs sales of one currency: amounts of several cannot be added')
    }
  }
}

/** Whose level it is in the gate: of the campaign, or '' of the account. */
export const levelScopeOf = ({ id, levelScope }: LevelRules): string => (levelScope === 'account' ? '' : id)

/** The field of `c:<campaign>` by which the gate knows levels; none where the campaign has none. */
export function compileLevels(rules: LevelRules): Fields {
  const { levels = [] } = rules
  if (levels.length === 0) return {}
  const packed = levels.map(({ id, privileges = {} }) => {
    const { earlySeconds = 0, extraUnits = 0, discountPercent = 0 } = privileges
    return `${id}:${earlySeconds * 1000},${extraUnits},${discountPercent}`
  })
  return { levels: `${userField.level(levelScopeOf(rules))}|${packed.join(';')}` }
}

/** The privileges of the highest level that `level` reaches; undefined where it reaches none. */
export function privilegesAt({ levels = [] }: LevelRules, level: number) {
  const reached = levels.findLast(({ id }) => id <= level)
  return reached && (reached.privileges ?? {})
}

/** What levels of a campaign rest on; empty where none is earned. */
export function restingOn({ levels = [] }: Pick<LevelRules, 'levels'>): ReadonlySet<LevelMetric> {
  return new Set(levels.flatMap(({ when = {} }) => Object.keys(when) as LevelMetric[]))
}

/** Whether levels of a campaign rest on shares or what these led to. */
export function restsOnShares(rules: Pick<LevelRules, 'levels'>): boolean {
  const metrics = restingOn(rules)
  return ofShares.some((metric) => metrics.has(metric))
}

type Counts = Partial<Readonly<Record<LevelMetric, number>>>

/** The highest level all of whose conditions are met, 0 for none; levels without conditions are the token's alone. */
export function levelReached({ levels = [] }: LevelRules, counts: Counts): number {
  const isMet = ({ when }: LevelDefinition) =>
    when !== undefined &&
    (Object.entries(when) as Array<[LevelMetric, number]>).every(([metric, least]) => (counts[metric] ?? 0) >= least)
  return levels.findLast(isMet)?.id ?? 0
}

/** Counts by the metrics that levels rest on, for people and events. */
export function countedFor(metrics: ReadonlySet<LevelMetric>, counts: Counts): Record<string, number> {
  return Object.fromEntries([...metrics].map((metric) => [metric, counts[metric] ?? 0]))
}
