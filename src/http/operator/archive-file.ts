import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { waitsForArchive } from '../../campaign/lifecycle/archive-waits.ts'
import { archivePages } from '../../export/archive.ts'
import { isArchived } from '../../store/campaigns/archives.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { CampaignParams } from '../wire/schemas.ts'
import { asProblem } from './views/campaign-answers.ts'
import type { Named } from './views/pages.ts'
import '../wire/request-types.ts'

interface ArchiveFileOptions {
  readonly pool: Pool
  readonly namespace: string
  /** ms since 1970 */
  readonly now?: () => number
}

/**
 * The archive of a campaign as gzip packs it, page by page: a client that reads slowly holds up nothing but its own answer, and one that
 * is cut off sees no last line.
 */
export async function archiveFileRoute(app: FastifyInstance, options: ArchiveFileOptions): Promise<void> {
  const { pool, namespace, now = Date.now } = options
  app.get<Named>(
    '/admin/v1/campaigns/:campaign/archive',
    { preHandler: requireRole('admin'), schema: { params: CampaignParams } },
    async (request, reply) => {
      const { campaign } = request.params
      if (await fromStore(isArchived(pool, campaign))) {
        const detail = `${campaign} is archived, or being archived: its decisions are in the file that was named for it.`
        throw new ProblemError('CONFLICT', {}, detail)
      }
      const waitsFor = await asProblem(waitsForArchive(pool, campaign, now()))
      if (waitsFor.length > 0) {
        const detail = `${campaign} cannot be archived yet. It waits for: ${waitsFor.map(({ means }) => means).join('; ')}.`
        throw new ProblemError('CONFLICT', { waitsFor }, detail)
      }
      const entry = { operator: request.operator.name, action: 'archive.read', target: `campaign:${campaign}` }
      await fromStore(recordAudit(pool, entry))
      const packed = createGzip()
      // an error ends the answer before its last line, which is how a client sees it
      pipeline(Readable.from(texts(pool, { namespace, campaign })), packed).catch((error: unknown) => {
        request.log.error({ error, campaign }, 'the archive of a campaign could not be written to its end')
      })
      return reply
        .header('content-type', 'application/gzip')
        .header('content-disposition', `attachment; filename="${campaign}.ndjson.gz"`)
        .send(packed)
    }
  )
}

async function* texts(...[pool, of]: Parameters<typeof archivePages>): AsyncGenerator<string> {
  for await (const { text } of archivePages(pool, of)) yield text
}
