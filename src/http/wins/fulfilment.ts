import { randomInt } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Pool } from 'pg'
import { type Static, Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import type { AuditedGate } from '../../campaign/carrying/audited-gate.ts'
import { checkBody } from '../../campaign/change/patch.ts'
import type { FulfilCommand } from '../../gate/batch/commands.ts'
import { replayField } from '../../record/replay.ts'
import { decodeFulfilment } from '../../record/reports/fulfilment.ts'
import { requestHash } from '../../record/request-hash.ts'
import { type Fulfilment, fulfilmentStates } from '../../record/statuses.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { keepPickup, renewPickup, winOfPickup } from '../../store/reading/fulfilments.ts'
import type { AnswerBodies } from '../answering/bodies.ts'
import { requireRole } from '../auth/operator.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { sendConfirmed, sendOutcome } from '../views/outcome.ts'
import { answersOf, ConfirmedWin } from '../views/schemas.ts'
import { keyOf } from '../wire/idempotency.ts'
import { WinParams } from '../wire/schemas.ts'
import type { FoundWin, WinFinder } from './find-wins.ts'

interface FulfilmentOptions {
  readonly pool: Pool
  readonly wins: WinFinder
  readonly submit: AuditedGate
  readonly bodies: AnswerBodies
  readonly metrics: HttpMetrics
}

const closed = { additionalProperties: false }
const word = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }))
/** A review approves, by a route of its own. */
const handed = fulfilmentStates.filter((state) => state !== 'approved')
const FulfilmentBody = Type.Object(
  {
    state: Type.Unsafe<Fulfilment>({
      type: 'string',
      enum: handed,
      description: `must be one of ${handed.join(', ')}`
    }),
    carrier: word(100),
    trackingNumber: word(100),
    reason: word(500)
  },
  closed
)
type FulfilmentBody = Static<typeof FulfilmentBody>
const PickupBody = Type.Object({ reason: word(500) }, closed)

/** Capitals without vowels and without those that are taken for one another: no word comes of it, and no spreadsheet takes it for a number. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const PICKUP = `^[${LETTERS}]{10}$`
const PickupParams = Type.Object({ code: Type.String({ pattern: PICKUP }) })

/** 43 bits by chance; only operators can try one, and each attempt that finds something is audited. */
const newPickupCode = () => Array.from({ length: 10 }, () => LETTERS[randomInt(LETTERS.length)]).join('')

type Named = { Params: { win: string } }

/** What is asked for, and by whom. */
interface Asked {
  readonly operator: string
  readonly key: string
  readonly body: FulfilmentBody
  readonly path: string
}

function commandOf({ win, user }: FoundWin, { operator, key, body, path }: Asked): FulfilCommand {
  return {
    op: 'fulfil',
    user,
    key: replayField.operator(operator, key),
    hash: requestHash('POST', path, body),
    campaign: win.campaign,
    activity: win.draw,
    win: win.id,
    state: body.state,
    request: JSON.stringify({ ...body, by: operator })
  }
}

/** Makes the function that has the gate decide how far a win is handed over, and answers. */
function createHandOver({ pool, submit, bodies, metrics }: FulfilmentOptions) {
  /** Codes are written before the gate decides, so that no win lies ready without one. */
  async function preparePickup({ win }: FoundWin, { state }: FulfilmentBody): Promise<void> {
    if (win.status !== 'claimed') return
    if (state === 'ready-for-pickup') await fromStore(keepPickup(pool, win.id, newPickupCode()))
    if (state === 'reissued') await fromStore(renewPickup(pool, win.id, newPickupCode()))
  }

  return async (request: FastifyRequest, reply: FastifyReply, { found, body }: Asking): Promise<FastifyReply> => {
    const [path = ''] = request.url.split('?')
    const asked = { operator: request.operator.name, key: keyOf(request), body, path }
    await preparePickup(found, body)
    const { win, user } = found
    const { reason, ...said } = body
    const outcome = await submit({
      command: commandOf(found, asked),
      entryOf: (decided) => ({
        operator: asked.operator,
        action: 'win.fulfilment',
        target: `win:${win.id}`,
        reason,
        before: {
          user: issuedUser(user),
          campaign: win.campaign,
          draw: win.draw,
          prize: win.prize,
          status: win.status
        },
        after: { ...said, outcome: decided.kind }
      })
    })
    metrics.outcome(outcome)
    if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
    const { decision } = outcome
    const language = pickLanguage(request.headers['accept-language'])
    const shown = await bodies.bodyOf({
      decision,
      campaign: win.campaign,
      activity: win.draw,
      requestId: keyOf(request),
      language
    })
    const { state = body.state, nth } = decodeFulfilment(decision.report)
    return sendConfirmed(request, reply, { outcome, body: { ...shown, fulfilment: { state, attempt: nth } } })
  }
}

/** Routes by which claimed wins are handed over: shipped, picked up, credited. */
export async function adminFulfilment(app: FastifyInstance, options: FulfilmentOptions): Promise<void> {
  const { pool, wins } = options
  const handOver = createHandOver(options)

  async function find(id: string | undefined): Promise<FoundWin> {
    const found = id === undefined ? undefined : await wins.findAny(id)
    if (found === undefined) throw new ProblemError('NOT_FOUND')
    return found
  }

  app.post<Named>(
    '/admin/v1/wins/:win/fulfilment',
    {
      preHandler: requireRole('operator', 'wins:fulfilment'),
      schema: { params: WinParams, response: answersOf(ConfirmedFulfilment) },
      config: { takes: FulfilmentBody }
    },
    async (request, reply) => {
      const checked = checkBody(FulfilmentBody, request.body)
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      return handOver(request, reply, { found: await find(request.params.win), body: checked.body })
    }
  )

  app.post<{ Params: { code: string } }>(
    '/admin/v1/pickups/:code',
    {
      preHandler: requireRole('operator', 'wins:fulfilment'),
      schema: { params: PickupParams, response: answersOf(ConfirmedFulfilment) },
      config: { takes: PickupBody }
    },
    async (request, reply) => {
      const checked = checkBody(PickupBody, request.body ?? {})
      if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
      const found = await find(await fromStore(winOfPickup(pool, request.params.code)))
      return handOver(request, reply, { found, body: { ...checked.body, state: 'delivered' } })
    }
  )
}

interface Asking {
  readonly found: FoundWin
  readonly body: FulfilmentBody
}

const ConfirmedFulfilment = Type.Object(
  {
    ...ConfirmedWin.properties,
    fulfilment: Type.Object({ state: Type.String(), attempt: Type.Integer() })
  },
  { title: 'ConfirmedFulfilment' }
)
