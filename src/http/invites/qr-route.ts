import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { correction, generate } from 'lean-qr'
import { toPngBuffer } from 'lean-qr/extras/node_export'
import { toSvgSource } from 'lean-qr/extras/svg'
import { Type } from 'typebox'
import { ID_PATTERN } from '../../base/shapes.ts'
import { decisionOfCode, printedCode } from '../../record/invite-code.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { invitationView } from '../kinds/invite/code.ts'
import { inviteOf } from '../kinds/invite/only.ts'
import { ProblemError } from '../problems/problems.ts'
import { cacheable } from '../wire/answer-headers.ts'
import { refusals } from '../wire/schemas.ts'

interface QrOptions {
  readonly finder: ActivityFinder
}

const Params = Type.Object({ campaign: Type.String({ pattern: ID_PATTERN }), code: Type.String({ maxLength: 64 }) })

const MAX_AGE_SECONDS = 3600
const PIXELS_PER_MODULE = 8
const PNG = 'image/png'
const SVG = 'image/svg+xml'

/** Whether PNG is asked for; whoever names both, as `<img>` does, gets SVG. */
function wantsPng(accept: string | undefined): boolean {
  return accept?.includes(PNG) === true && !accept.includes(SVG)
}

/**
 * GET .../invites/{code}/qr: the link of an invitation as a picture, for pages: without a token, and the same for everybody. Whether
 * somebody has the code is not looked up, so that nobody can make the stores work by it; a code with a typing error is not found.
 */
export const qrRoute: FastifyPluginAsyncTypebox<QrOptions> = async (app, { finder }) => {
  app.get(
    '/v1/campaigns/:campaign/invites/:code/qr',
    {
      schema: {
        summary: 'The link of an invitation as a QR code: SVG, or PNG with `Accept: image/png`',
        tags: ['invitations'],
        params: Params,
        response: {
          200: {
            description: 'The link, or the code where the campaign has no link',
            content: {
              [SVG]: { schema: Type.String() },
              [PNG]: { schema: Type.Unsafe<unknown>({ type: 'string', format: 'binary' }) }
            }
          },
          ...refusals
        }
      }
    },
    async (request, reply) => {
      const { campaign, code } = request.params
      const found = await inviteOf(finder, campaign)
      if (found === undefined || decisionOfCode(code) === undefined) throw new ProblemError('NOT_FOUND')
      const shown = invitationView(printedCode(code), found.invite.link)
      const picture = generate(shown.url ?? shown.code, { minCorrectionLevel: correction.M })
      cacheable(reply, MAX_AGE_SECONDS)
      reply.header('vary', 'accept, origin, accept-encoding')
      if (wantsPng(request.headers.accept)) {
        const png = toPngBuffer(picture, { scale: PIXELS_PER_MODULE })
        return reply.type(PNG).send(Buffer.from(png))
      }
      return reply.type(SVG).send(toSvgSource(picture, { xmlDeclaration: true }))
    }
  )
}
