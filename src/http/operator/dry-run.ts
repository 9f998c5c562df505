import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { type Static, Type } from 'typebox'
import { UnavailableError } from '../../base/errors.ts'
import { isoTime } from '../../base/iso-time.ts'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import { checkBody } from '../../campaign/change/patch.ts'
import { Id } from '../../campaign/parts/shapes.ts'
import type { Foreseen, Foreseer, UserReader } from '../../gate/gate.ts'
import { rolledBack } from '../../store/connection/transaction.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { type NamedAction, namedActions } from '../kinds/index.ts'
import type { Wish } from '../kinds/parts/command.ts'
import { pickLanguage } from '../problems/language.ts'
import { type ProblemCode, ProblemError, problemBody } from '../problems/problems.ts'
import { refusalMembers } from '../views/outcome.ts'
import { userOfPath } from '../wire/user-in.ts'
import { UserParams } from './users.ts'

interface DryRunOptions {
  readonly gate: Foreseer & UserReader
  readonly pool: Pool
  readonly finder: ActivityFinder
  /** ms since 1970 */
  readonly now: () => number
}

const DryRunBody = Type.Object(
  {
    campaign: Id,
    activity: Id,
    command: Type.Optional(
      Type.String({
        enum: namedActions.map(({ participation }) => participation.operationId),
        description: 'the operation of the public API; has to be named where users do several things in an activity'
      })
    ),
    params: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 128 }), {
        maxProperties: 4,
        description: 'what the path of the request names beside campaign and activity: `share`, `code`'
      })
    ),
    body: Type.Optional(Type.Unknown({ description: 'what the app would send; absent: the usual, such as one unit' })),
    level: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'of the token' })),
    registeredAt: Type.Optional(Type.Integer({ minimum: 0, description: 'of the token, Unix seconds' }))
  },
  { additionalProperties: false }
)
type Asked = Static<typeof DryRunBody>

const invalid = (pointer: string, detail: string) => new ProblemError('VALIDATION', { errors: [{ pointer, detail }] })

/** What users do in an activity, of which one is meant. @throws ProblemError VALIDATION */
function actionOf({ activity }: CatalogueActivity, { command }: Asked): NamedAction {
  const own = namedActions.filter(({ kind }) => kind === activity.kind)
  const names = own.map(({ participation }) => participation.operationId)
  if (own.length === 0) throw invalid('/activity', `nobody takes part in a ${activity.kind} by a request`)
  const found = own.find(({ participation }) => participation.operationId === (command ?? names[0]))
  if (found === undefined || (command === undefined && own.length > 1))
    throw invalid('/command', `must be one of ${names.join(', ')}: that is what users do in a ${activity.kind}`)
  return found
}

/** What a user does, and in which activity. */
interface Doing {
  readonly found: CatalogueActivity
  readonly action: NamedAction
}

/** The request of a user as it would arrive, under a key that nobody has. @throws ProblemError VALIDATION */
function wishOf(user: string, asked: Asked, { found, action }: Doing): Wish {
  const { participation } = action
  const usual = checkBody(participation.body, {}).ok ? {} : participation.example
  const checked = checkBody(participation.body, asked.body ?? usual)
  if (!checked.ok)
    throw new ProblemError('VALIDATION', {
      errors: checked.errors.map((error) => ({ ...error, pointer: `/body${error.pointer}` }))
    })
  const { level = 0, registeredAt = null, params = {} } = asked
  return { user, level, registeredAt, key: `dry-run-${randomUUID()}`, body: checked.body, params, found }
}

type Refusal = {
  readonly code: ProblemCode
  readonly members: Record<string, unknown>
  readonly detail?: string | undefined
}

/** What would be answered, as a problem without the exchange that it would belong to. */
function refusalView(request: FastifyRequest, { code, members, detail }: Refusal): object {
  const language = pickLanguage(request.headers['accept-language'])
  const told = { code, members: refusalMembers(members), detail, requestId: '', language }
  const { requestId: _, ...problem } = JSON.parse(problemBody(told)) as Record<string, unknown>
  return problem
}

function foreseenView(request: FastifyRequest, foreseen: Foreseen | Refusal): object {
  if (!('kind' in foreseen)) return { outcome: 'refused', refusal: refusalView(request, foreseen) }
  if (foreseen.kind === 'refused') return { outcome: 'refused', refusal: refusalView(request, foreseen) }
  if (foreseen.kind === 'unavailable') return { outcome: 'unavailable', detail: foreseen.reason }
  return { outcome: 'confirmed' }
}

/** What would come of a request: refused before the gate, or what the gate says. Nothing of it stays in Postgres or in Redis. */
async function foresee({ gate, pool }: DryRunOptions, wish: Wish, action: NamedAction): Promise<Foreseen | Refusal> {
  try {
    const command = await rolledBack(pool, async (db) => action.participation.command(wish, { pool: db, gate }))
    return await gate.foresee(command)
  } catch (error) {
    if (error instanceof ProblemError) return { code: error.problem, members: error.members, detail: error.detail }
    if (error instanceof UnavailableError) return { kind: 'unavailable', reason: error.message }
    throw error
  }
}

/** POST .../users/{user}/dry-run: what would come of a request of a user now, and why. It is decided by the gate's own text, and left there. */
export async function dryRunRoute(app: FastifyInstance, options: DryRunOptions): Promise<void> {
  const { finder, now } = options
  app.post<{ Params: { user: string } }>(
    '/admin/v1/users/:user/dry-run',
    {
      preHandler: requireRole('viewer'),
      schema: { params: UserParams },
      config: { takes: DryRunBody, changesNothing: true }
    },
    async (request) => {
      const checked = checkBody(DryRunBody, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const user = userOfPath(request.params.user)
      const { campaign, activity } = checked.body
      const found = await finder.findActivity(campaign, activity)
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const action = actionOf(found, checked.body)
      const wish = wishOf(user, checked.body, { found, action })
      const view = foreseenView(request, await foresee(options, wish, action))
      const command = action.participation.operationId
      return { dryRun: true, user: issuedUser(user), campaign, activity, command, asOf: isoTime(now()), ...view }
    }
  )
}
