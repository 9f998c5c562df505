import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { checkBody, Reason } from '../../campaign/change/patch.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { deployedShards } from '../../store/shard/deployment.ts'
import {
  askReconciliation,
  askReopening,
  findReconciliation,
  listReconciliations,
  type ReconciliationRow
} from '../../store/shard/reconciliations.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { keyOf } from '../wire/idempotency.ts'
import { CampaignParams } from '../wire/schemas.ts'
import { asProblem } from './views/campaign-answers.ts'
import { type Named, type Page, PageQuery, pageOf, pageView } from './views/pages.ts'
import '../wire/request-types.ts'

const WAIT_MS = 10_000
const LOOK_MS = 100

/** Which shard is meant where there are several: the first one unless it is named. */
const ShardQuery = Type.Object(
  { shard: Type.Optional(Type.String({ pattern: '^[0-9]{1,4}$' })) },
  { additionalProperties: false }
)
type OfShard = { Querystring: { shard?: string } }

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

/** @throws ProblemError VALIDATION where this deployment has no such shard */
async function shardOf(pool: Pool, { shard = '0' }: OfShard['Querystring']): Promise<number> {
  const known = await fromStore(deployedShards(pool))
  if (known.includes(Number(shard))) return Number(shard)
  const detail = `there is no shard ${shard}: this deployment has ${known.length}, and the first is 0`
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/shard', detail }] })
}

/** Waits a moment for the worker, so that a small deployment gets the result in this answer. */
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
 * Compares Redis, journal and Postgres on demand. It compares a whole shard, whichever campaign the path names, because
 * users and stock of all campaigns share its frames. Repair is a separate call: it opens the shard again, and writes what differs
 * anew from Postgres: hashes of users one by one, everything where stock or rules differ.
 */
export function adminReconciliation(
  app: FastifyInstance,
  { pool, campaigns }: { pool: Pool; campaigns: Pick<Campaigns, 'get'> }
): void {
  const path = '/admin/v1/campaigns/:campaign/reconciliation'
  const schema = { params: CampaignParams }
  const change = { preHandler: requireRole('operator'), schema: { ...schema, querystring: ShardQuery } }
  const askedOnce = (request: FastifyRequest) => ({ operator: request.operator.name, key: keyOf(request) })

  app.post<Named & OfShard>(path, change, async (request, reply) => {
    await asProblem(campaigns.get(request.params.campaign))
    const shard = await shardOf(pool, request.query)
    const asked = await fromStore(askReconciliation(pool, shard, askedOnce(request)))
    const isOver = asked.state === 'done' || asked.state === 'failed'
    // one that this request asks for is not over before it is taken
    if (isOver && request.taken && asked.askedAt < request.taken.askedAt) throw new ProblemError('KEY_REUSED')
    const row = await awaited(pool, asked)
    return reply.code(row.state === 'done' || row.state === 'failed' ? 200 : 202).send(view(row))
  })

  app.get<Named & Page>(
    path,
    { preHandler: requireRole('viewer'), schema: { ...schema, querystring: PageQuery } },
    async (request) => {
      await asProblem(campaigns.get(request.params.campaign))
      const { limit, before } = pageOf(request.query)
      const rows = await fromStore(listReconciliations(pool, { limit: limit + 1, before }))
      return pageView(rows, limit, { view, place: (row) => row.id })
    }
  )

  app.post<Named & OfShard>(`${path}/repair`, { ...change, config: { takes: Repair } }, async (request, reply) => {
    const checked = checkBody(Repair, request.body)
    if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
    await asProblem(campaigns.get(request.params.campaign))
    const { reason } = checked.body
    const shard = await shardOf(pool, request.query)
    const asked = await fromStore(
      askReopening(pool, shard, { ...askedOnce(request), askedAt: request.taken?.askedAt, reason })
    )
    if (asked === 'reused') throw new ProblemError('KEY_REUSED')
    return reply.code(202).send({ shard, state: 'closed' })
  })
}
