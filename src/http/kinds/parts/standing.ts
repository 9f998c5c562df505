import { Type } from 'typebox'
import type { CatalogueCampaign } from '../../../campaign/carrying/catalogue.ts'
import { limit, nullable } from './page-schemas.ts'

/** Counts on which levels rest, and changes of the earned level. */
export interface Earning {
  readonly counts: Readonly<Record<string, number>>
  readonly history: ReadonlyArray<{
    readonly at: Date
    readonly from: number
    readonly to: number
    readonly why: Readonly<Record<string, number>>
  }>
}

/** What the standing of a user is made from. */
export interface Standing {
  readonly campaign: CatalogueCampaign
  /** the user's hash in Redis, by field */
  readonly fields: Readonly<Record<string, string>>
  /** ms since 1970 */
  readonly now: number
  /** of the user's token */
  readonly level: number
  /** what Postgres knows of levels that the user earns; absent while it is not known */
  readonly earning?: Earning
  /** counts of tasks with a goal by `<task> <period>`; empty while they are not known */
  readonly progress: ReadonlyMap<string, number>
}

/** As Standing, with the local day of the campaign's zone. */
export interface Day extends Standing {
  readonly today: number
}

export const numberIn = ({ fields }: Standing, field: string) => Number(fields[field] ?? 0)

/** Times or units taken of a limit per user; `limit` and `left` are null without a limit. */
export function allowance(count: number, most: number) {
  return { count, limit: most || null, left: most > 0 ? Math.max(0, most - count) : null }
}

export const Allowance = Type.Object(
  { count: Type.Integer(), limit: limit('the most'), left: nullable('integer', 'null where there is no limit') },
  { title: 'Allowance' }
)
