import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { checkBody, Reason } from '../campaign/adjust-body.ts'
import { recordAudit } from '../store/audit.ts'
import {
  askReconciliation,
  findReconciliation,
  listReconciliations,
  type ReconciliationRow
} from '../store/reconciliations.ts'
import { requestReopening } from '../store/shards.ts'
import { requireKey } from './idempotency.ts'
import { requireRole } from './operator-auth.ts'
import { fromStore } from './order-directory.ts'
import { ProblemError } from './problems.ts'
import './request-types.ts'

const SHARD = 0
const LISTED = 20
const WAIT_MS = 10_000
const LOOK_MS = 100

const Repair = Type.Object({ reason: Reason }, { additionalProperties: false })

function view(row: ReconciliationRow) {
  return {
    id: row.id,
    shard: row.shard,
    state: row.state,
    askedBy: row.askedBy,
    askedAt: row.askedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    usersCompared: row.progress,
    result: row.result ?? null,
    ...(row.failure !== null && { failure: row.failure })
  }
}

/** Waits a moment for the worker, so that a small deployment is answered at once. */
async function awaited(pool: Pool, asked: ReconciliationRow): Promise<ReconciliationRow> {
  const until = Date.now() + WAIT_MS
  let row = asked
  while ((row.state === 'asked' || row.state === 'running') && Date.now() < until) {
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS)
    })
    row = (await fromStore(findReconciliation(pool, asked.id))) ?? row
  }
  return row
}

/**
 * Comparing Redis, journal and Postgres on demand. It is the shard that is compared, whatever campaign the path names,
 * because users and stock of all campaigns share its frames. Repair is a separate call: the shard is opened again, which
 * writes Redis from Postgres.
 */
export function adminReconciliation(app: FastifyInstance, { pool }: { pool: Pool }): void {
  const path = '/admin/v1/campaigns/:campaign/reconciliation'
  const change = { onRequest: requireKey, preHandler: requireRole('operator') }

  app.post(path, change, async (request, reply) => {
    const asked = await fromStore(askReconciliation(pool, SHARD, request.operator.name))
    const row = await awaited(pool, asked)
    return reply.code(row.state === 'done' || row.state === 'failed' ? 200 : 202).send(view(row))
  })

  app.get(path, { preHandler: requireRole('viewer') }, async (_request, reply) => {
    const rows = await fromStore(listReconciliations(pool, SHARD, LISTED))
    return reply.send({ items: rows.map(view), nextCursor: null })
  })

  app.post(`${path}/repair`, change, async (request, reply) => {
    const checked = checkBody(Repair, request.body)
    if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
    await fromStore(
      recordAudit(pool, {
        operator: request.operator.name,
        action: 'shard.reopening',
        target: `shard:${SHARD}`,
        reason: checked.body.reason,
        before: null,
        after: null
      })
    )
    await fromStore(requestReopening(pool, SHARD))
    return reply.code(202).send({ shard: SHARD, state: 'closed' })
  })
}
