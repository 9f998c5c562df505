import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { isoTime } from '../../base/iso-time.ts'
import { MOMENT_PATTERN } from '../../base/moment.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import { storedOrDecided } from '../../campaign/carrying/stored-first.ts'
import type { Game } from '../../campaign/kinds/game/rules.ts'
import { poolsOf } from '../../campaign/kinds/prizes.ts'
import { onlySession } from '../../campaign/parts/activity.ts'
import { dayNumberAt } from '../../campaign/parts/local-time.ts'
import type { ParticipateCommand } from '../../gate/batch/commands.ts'
import type { Decider } from '../../gate/gate.ts'
import { replayField } from '../../record/replay.ts'
import { noteGameEvent } from '../../store/campaigns/game-sources.ts'
import type { AnswerBodies } from '../answering/bodies.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { ConfirmedResult, resultBody } from '../kinds/game.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { sendConfirmed, sendOutcome } from '../views/outcome.ts'
import { answersOf } from '../views/schemas.ts'
import { SourceEventId, UserId } from '../wire/schemas.ts'
import { userOfBody } from '../wire/user-in.ts'
import { happenedAt } from './happened-at.ts'

interface GameOptions {
  readonly gate: Decider
  readonly pool: pg.Pool
  readonly finder: ActivityFinder
  readonly bodies: AnswerBodies
  readonly metrics: HttpMetrics
  readonly now: () => number
}

const GameParams = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  game: Type.String({ pattern: ID_PATTERN })
})

const ResultBody = Type.Object(
  {
    user: UserId,
    sourceEventId: SourceEventId,
    outcome: Type.String({ pattern: ID_PATTERN, description: 'one of the outcomes of the game' }),
    occurredAt: Type.Optional(
      Type.String({ pattern: MOMENT_PATTERN, description: 'the day on which it was played; now where absent' })
    )
  },
  { additionalProperties: false, title: 'Result of a game' }
)

interface Report {
  readonly user: string
  readonly source: string
  readonly sourceEventId: string
  readonly outcome: string
  /** when it was played, ms since 1970 */
  readonly at: number
}

type FoundGame = CatalogueActivity & { readonly activity: Game }

/**
 * The command of a report. Its hash is constant: the first report of an event stands, whatever outcome a later one names. What is
 * refused binds nobody, so the same event may be reported again.
 */
function commandOf({ campaign, activity }: FoundGame, report: Report): ParticipateCommand {
  const { user, source, sourceEventId, outcome, at } = report
  return {
    op: 'participate',
    user,
    key: replayField.gameResult(campaign.id, activity.id, `${source}:${sourceEventId}`),
    hash: 'result',
    campaign: campaign.id,
    activity: activity.id,
    quantity: 1,
    level: 0,
    by: 'system',
    random: '',
    pool: poolsOf(activity),
    about: outcome,
    day: dayNumberAt(at, campaign.rules.timezone),
    request: JSON.stringify({ outcome, source, sourceEventId, occurredAt: isoTime(at) })
  }
}

/** @throws ProblemError for a result that is none of this game, or was not played in its time */
function checkReport({ campaign, activity }: FoundGame, { outcome, at }: Report): void {
  if (!Object.hasOwn(activity.outcomes, outcome)) {
    const detail = `must be one of ${Object.keys(activity.outcomes).join(', ')}`
    throw new ProblemError('VALIDATION', { errors: [{ pointer: '/outcome', detail }] })
  }
  const { opensAt, closesAt } = onlySession(activity)
  if (at < opensAt) throw new ProblemError('NOT_STARTED', { opensAt: isoTime(opensAt) })
  if (at >= closesAt || campaign.ended) throw new ProblemError('ENDED')
}

/** POST .../games/{game}/results: the system in which a game is played reports how an attempt of a user ended. */
export const gameResultsRoute: FastifyPluginAsyncTypebox<GameOptions> = async (app, options) => {
  const { gate, pool, finder, bodies, metrics, now } = options

  async function find(campaign: string, id: string): Promise<FoundGame> {
    const found = await finder.findActivity(campaign, id)
    if (found?.activity.kind !== 'game') throw new ProblemError('NOT_FOUND')
    return { campaign: found.campaign, activity: found.activity }
  }

  app.post(
    '/service/v1/campaigns/:campaign/games/:game/results',
    {
      preHandler: requireRole('operator', 'games:results'),
      schema: { params: GameParams, body: ResultBody, response: answersOf(ConfirmedResult) }
    },
    async (request, reply) => {
      const { params, body, operator } = request
      const found = await find(params.campaign, params.game)
      const { sourceEventId, outcome, occurredAt } = body
      const user = userOfBody(body.user, '/user')
      const report = { user, source: operator.name, sourceEventId, outcome, at: happenedAt(occurredAt, now()) }
      checkReport(found, report)
      const event = { campaign: found.campaign.id, game: found.activity.id, ...report }
      if (!(await fromStore(noteGameEvent(pool, event))))
        throw new ProblemError('CONFLICT', {}, 'This event told of another user before; nothing was done.')
      const command = commandOf(found, report)
      const decided = await storedOrDecided({ db: pool, gate }, command)
      metrics.outcome(decided)
      if (decided.kind !== 'confirmed') return sendOutcome(request, reply, decided)
      const resultOf = resultBody(decided.decision, {
        requestId: sourceEventId,
        language: pickLanguage(request.headers['accept-language']),
        campaign: event.campaign,
        activity: event.game,
        campaignRules: () => found.campaign.rules,
        rules: found.activity,
        findPrize: bodies.findPrize
      })
      return sendConfirmed(request, reply, { outcome: decided, body: resultOf })
    }
  )
}
