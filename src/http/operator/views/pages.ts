import { Type } from 'typebox'

export const PageQuery = Type.Object(
  {
    limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]?|100)$' })),
    cursor: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,14}$' }))
  },
  { additionalProperties: false }
)

/** The query of a change that can be asked for what it would do. */
export const DryRunQuery = Type.Object(
  { dryRun: Type.Optional(Type.String({ enum: ['true', 'false'] })) },
  { additionalProperties: false }
)

export type Dry = { Querystring: { dryRun?: string } }
export type Named = { Params: { campaign: string } }
export type Page = { Querystring: { limit?: string; cursor?: string } }

/** The requested part of a list: rows whose place is below `before`, newest first. */
export function pageOf(query: Page['Querystring']): { limit: number; before?: number } {
  return { limit: Number(query.limit ?? 20), ...(query.cursor === undefined ? {} : { before: Number(query.cursor) }) }
}

/** One page of rows, of which the caller read one more than `limit`. */
export function pageView<Row, View>(
  rows: readonly Row[],
  limit: number,
  as: { view: (row: Row) => View; place: (row: Row) => number }
) {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  const nextCursor = rows.length > limit && last !== undefined ? String(as.place(last)) : null
  return { items: items.map(as.view), nextCursor }
}
