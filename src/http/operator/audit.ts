import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { csvLine } from '../../export/report/csv.ts'
import { type AuditRow, listAudit } from '../../store/operators/audit.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { PageQuery, pageOf, pageView } from './views/pages.ts'

const AuditQuery = Type.Object(
  {
    ...PageQuery.properties,
    target: Type.Optional(Type.String({ maxLength: 200 })),
    operator: Type.Optional(Type.String({ maxLength: 100 })),
    format: Type.Optional(
      Type.String({
        enum: ['json', 'ndjson', 'csv'],
        description: 'a page, or all of it as a file: limit and cursor are of pages'
      })
    )
  },
  { additionalProperties: false }
)
type AuditQuery = Static<typeof AuditQuery>

const ENTRIES_AT_ONCE = 1000
const HEAD = ['id', 'at', 'operator', 'action', 'target', 'reason', 'before', 'after'] as const

const entryView = (row: AuditRow) => ({ ...row, at: row.at.toISOString() })

const formats = {
  ndjson: { type: 'application/x-ndjson', head: '', line: (row: AuditRow) => `${JSON.stringify(entryView(row))}\n` },
  csv: {
    type: 'text/csv; charset=utf-8',
    head: csvLine(HEAD),
    line(row: AuditRow) {
      const { id, at, operator, action, target, reason, before, after } = entryView(row)
      const json = (value: unknown) => (value === null ? '' : JSON.stringify(value))
      return csvLine([id, at, operator, action, target, reason, json(before), json(after)])
    }
  }
} as const

interface Which {
  readonly target: string | undefined
  readonly operator: string | undefined
}

/** Every entry, newest first; it needs the same memory for any length. */
async function* linesOf(pool: Pool, which: Which, { head, line }: (typeof formats)['ndjson' | 'csv']) {
  if (head !== '') yield head
  let before: number | undefined
  for (;;) {
    const rows = await fromStore(listAudit(pool, { limit: ENTRIES_AT_ONCE, before, ...which }))
    if (rows.length > 0) yield rows.map(line).join('')
    before = rows.at(-1)?.id
    if (rows.length < ENTRIES_AT_ONCE) return
  }
}

/** The audit trail, by pages or whole. */
export async function auditRoute(app: FastifyInstance, { pool }: { readonly pool: Pool }): Promise<void> {
  app.get<{ Querystring: AuditQuery }>(
    '/admin/v1/audit',
    { preHandler: requireRole('viewer'), schema: { querystring: AuditQuery } },
    async (request, reply) => {
      const { target, operator, format = 'json' } = request.query
      if (format === 'ndjson' || format === 'csv') {
        for (const name of ['limit', 'cursor'] as const) {
          if (request.query[name] === undefined) continue
          throw new ProblemError('VALIDATION', {
            errors: [{ pointer: `/${name}`, detail: 'is of pages; a file has all' }]
          })
        }
        // an error ends the answer before its end, which is how a client sees it
        const lines = Readable.from(linesOf(pool, { target, operator }, formats[format]))
        reply.header('content-disposition', `attachment; filename="audit.${format}"`)
        return reply.type(formats[format].type).send(lines)
      }
      const { limit, before } = pageOf(request.query)
      const rows = await fromStore(listAudit(pool, { limit: limit + 1, before, target, operator }))
      return pageView(rows, limit, { view: entryView, place: (row) => row.id })
    }
  )
}
