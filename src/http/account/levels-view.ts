import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import { countedFor, levelScopeOf, privilegesAt, restingOn } from '../../campaign/parts/levels.ts'
import { userField } from '../../record/fields.ts'
import { levelCountsOf, levelHistory } from '../../store/following/levels.ts'
import { Amounts, optional } from '../kinds/parts/page-schemas.ts'
import { type Earning, numberIn, type Standing } from '../kinds/parts/standing.ts'
import { Time } from '../wire/schemas.ts'

const HISTORY = 20
const nothing: Earning = { counts: {}, history: [] }

/** What a user has earned towards levels. It comes from Postgres; while it is away the answer has everything else. */
export async function earningOf(pool: pg.Pool, { id, rules }: CatalogueCampaign, user: string): Promise<Earning> {
  const metrics = restingOn(rules)
  if (metrics.size === 0) return nothing
  const place = { campaign: id, scope: levelScopeOf(rules), most: HISTORY }
  try {
    const [counts, history] = await fromStore(
      Promise.all([levelCountsOf(pool, user, id), levelHistory(pool, user, place)])
    )
    return { counts: countedFor(metrics, counts ?? {}), history }
  } catch {
    return nothing
  }
}

/** The level in force: the higher of the token's and the earned one. */
export function levelOf(standing: Standing): number {
  const { campaign, level } = standing
  if (campaign.rules.levels === undefined) return level
  return Math.max(level, numberIn(standing, userField.level(levelScopeOf(campaign.rules))))
}

/** What a level is worth, and how it came about; undefined in a campaign without levels. */
export function levelsView(standing: Standing) {
  const { campaign, level: ofToken, earning = nothing } = standing
  const { rules } = campaign
  if (rules.levels === undefined) return undefined
  const inForce = levelOf(standing)
  return {
    ofToken,
    earned: numberIn(standing, userField.level(levelScopeOf(rules))),
    scope: rules.levelScope ?? 'campaign',
    privileges: privilegesAt(rules, inForce) ?? {},
    counts: earning.counts,
    history: earning.history.map(({ at, from, to, why }) => ({ at: isoTime(at.getTime()), from, to, why }))
  }
}

export const Levels = Type.Object(
  {
    ofToken: Type.Integer(),
    earned: Type.Integer(),
    scope: Type.String(),
    privileges: Type.Object({
      earlySeconds: optional(Type.Integer()),
      extraUnits: optional(Type.Integer()),
      discountPercent: optional(Type.Integer()),
      flags: optional(Type.Array(Type.String()))
    }),
    counts: Amounts,
    history: Type.Array(Type.Object({ at: Time, from: Type.Integer(), to: Type.Integer(), why: Amounts }), {
      description: 'changes of the earned level, the newest first'
    })
  },
  { title: 'Levels', description: 'only where the campaign has levels' }
)
