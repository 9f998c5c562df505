import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { UnavailableError } from '../../base/errors.ts'
import { CampaignError } from '../../campaign/carrying/campaign-error.ts'
import { type Campaigns, rulesInForce } from '../../campaign/lifecycle/lifecycle.ts'
import { Id } from '../../campaign/parts/shapes.ts'
import { csvLine } from '../../export/report/csv.ts'
import { replayField } from '../../record/replay.ts'
import { isArchived } from '../../store/campaigns/archives.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { type SegmentName, segmentNames, usersOf } from '../../store/reading/segments.ts'
import { requireRole } from '../auth/operator.ts'
import { asProblem } from './views/campaign-answers.ts'

const DAYS = 7
/** Files under way at a time in a process: each holds a connection to Postgres until its client has read it. */
const AT_ONCE = 2

const formats = {
  csv: { type: 'text/csv; charset=utf-8', head: csvLine(['user']), line: (user: string) => csvLine([user]) },
  ndjson: { type: 'application/x-ndjson', head: '', line: (user: string) => `${JSON.stringify({ user })}\n` }
} as const

const Query = Type.Object(
  {
    campaign: Id,
    segment: Type.Unsafe<SegmentName>(Type.String({ enum: [...segmentNames] })),
    format: Type.Optional(
      Type.Unsafe<keyof typeof formats>(
        Type.String({
          enum: Object.keys(formats),
          description: 'csv unless said; programs read ndjson, which changes no name'
        })
      )
    ),
    days: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,2}$',
        description: 'of `inactive`: for how many days nothing was done, 7 unless said'
      })
    )
  },
  { additionalProperties: false }
)
type Query = Static<typeof Query>

async function* linesOf(pages: AsyncIterable<string[]>, { head, line }: (typeof formats)[keyof typeof formats]) {
  if (head !== '') yield head
  for await (const users of pages) yield users.map((user) => line(issuedUser(user))).join('')
}

/** @throws CampaignError NOT_FOUND, CONFLICT where nobody can have taken part, or what they did is in a file */
async function requireKnown(pool: Pool, campaigns: Pick<Campaigns, 'get'>, id: string): Promise<void> {
  const row = await campaigns.get(id)
  if (rulesInForce(row) === undefined) throw new CampaignError('CONFLICT', `${id} is not published yet.`)
  if (await fromStore(isArchived(pool, id)))
    throw new CampaignError('CONFLICT', `${id} is archived, or being archived: who took part is in its file.`)
}

interface ParticipantsOptions {
  readonly pool: Pool
  readonly campaigns: Pick<Campaigns, 'get'>
}

/** Users of a campaign, for messages that other systems send. Whoever reads such a list is in the audit trail. */
export async function participantsRoute(app: FastifyInstance, { pool, campaigns }: ParticipantsOptions): Promise<void> {
  let underWay = 0

  app.get<{ Querystring: Query }>(
    '/admin/v1/participants',
    { preHandler: requireRole('admin'), schema: { querystring: Query } },
    async (request, reply) => {
      const { campaign, segment, format = 'csv', days = DAYS } = request.query
      await asProblem(requireKnown(pool, campaigns, campaign))
      if (underWay >= AT_ONCE) throw new UnavailableError('other lists of participants are being read')
      // before anything is waited for: others ask meanwhile
      underWay += 1
      const leave = () => {
        underWay -= 1
      }
      const entry = { operator: request.operator.name, action: 'participants.read', target: `campaign:${campaign}` }
      try {
        await fromStore(recordAudit(pool, { ...entry, after: { segment } }))
      } catch (error) {
        leave()
        throw error
      }
      const pages = usersOf(pool, { campaign, segment, keys: replayField.client('%'), days: Number(days) })
      // an error ends the answer before its end, which is how a client sees it
      const lines = Readable.from(linesOf(pages, formats[format])).once('close', leave)
      reply.header('content-disposition', `attachment; filename="${campaign}-${segment}.${format}"`)
      return reply.type(formats[format].type).send(lines)
    }
  )
}
