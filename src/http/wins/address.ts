import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { fromStore } from '../../base/deadline.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { readWinDetails } from '../../store/reading/win-details.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { OpenObject, refusals, WinParams } from '../wire/schemas.ts'
import type { WinFinder } from './find-wins.ts'

interface AddressOptions {
  readonly pool: Pool
  readonly wins: WinFinder
}

type Named = { Params: { win: string } }

/** Where a win is sent to. */
export async function winAddress(app: FastifyInstance, options: AddressOptions): Promise<void> {
  const { pool, wins } = options

  app.get<Named>(
    '/admin/v1/wins/:win/address',
    {
      preHandler: requireRole('operator', 'wins:address'),
      schema: { params: WinParams, response: { 200: OpenObject, ...refusals } }
    },
    async (request, reply) => {
      const found = await wins.findAny(request.params.win)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const { win, user } = found
      // who got nothing in the end has an address that is nobody's business any more
      if (win.status === 'revoked') throw new ProblemError('VOIDED')
      const details = await fromStore(readWinDetails(pool, win.id))
      if (details === undefined) throw new ProblemError('NOT_FOUND')
      const { name: operator } = request.operator
      // written first: an address that cannot be audited is not shown
      await fromStore(
        recordAudit(pool, {
          operator,
          action: 'win.address-read',
          target: `win:${win.id}`,
          after: { user: issuedUser(user), campaign: win.campaign }
        })
      )
      return reply.header('cache-control', 'no-store').send({ win: win.id, user: issuedUser(user), ...details })
    }
  )
}
