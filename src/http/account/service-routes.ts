import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type pg from 'pg'
import { Type } from 'typebox'
import { fromStore } from '../../base/deadline.ts'
import { MOMENT_PATTERN } from '../../base/moment.ts'
import { ID_PATTERN } from '../../base/shapes.ts'
import { ProgressAmount, reportProgress, type TaskProgress } from '../../campaign/actions/task-progress.ts'
import { kindOf } from '../../campaign/kinds/index.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { requireRole } from '../auth/operator.ts'
import { ProblemError } from '../problems/problems.ts'
import { refusals, SourceEventId, UserId } from '../wire/schemas.ts'
import { userOfBody } from '../wire/user-in.ts'
import { happenedAt } from './happened-at.ts'

interface ServiceOptions {
  readonly pool: pg.Pool
  readonly finder: ActivityFinder
  readonly now: () => number
}

const TaskParams = Type.Object({
  campaign: Type.String({ pattern: ID_PATTERN }),
  task: Type.String({ pattern: ID_PATTERN })
})

const ProgressBody = Type.Object(
  {
    user: UserId,
    sourceEventId: SourceEventId,
    amount: Type.Optional(ProgressAmount),
    occurredAt: Type.Optional(
      Type.String({
        pattern: MOMENT_PATTERN,
        description: 'the day that it counts for; now where absent'
      })
    )
  },
  { additionalProperties: false, title: 'Progress' }
)

const ProgressAnswer = Type.Object(
  {
    count: Type.Integer(),
    goal: Type.Integer(),
    completed: Type.Boolean({ description: 'the goal is reached; what it gives follows within a second' }),
    state: Type.String({ description: 'counting, due (reached, not decided yet), completed, refused' }),
    repeated: Type.Boolean({ description: 'this event was reported before' })
  },
  { title: 'ProgressAnswer' }
)

type Counted = Extract<TaskProgress, { count: number }>

/** @throws ProblemError for progress that was not counted */
function counted(progress: TaskProgress, opensAt: string): Counted {
  switch (progress.kind) {
    case 'counted':
    case 'repeated':
      return progress
    case 'conflict':
      throw new ProblemError('CONFLICT', {}, 'This event told of another user or amount before; nothing was counted.')
    case 'refused': {
      const members = progress.code === 'NOT_STARTED' ? { opensAt } : {}
      throw new ProblemError(progress.code, members, `Nothing was counted: ${progress.detail}.`)
    }
    default:
      return progress satisfies never
  }
}

/** Routes for reports of other systems. These are operators of role `service`; each route names the scope that it requires. */
export const serviceRoutes: FastifyPluginAsyncTypebox<ServiceOptions> = async (app, { pool, finder, now }) => {
  app.post(
    '/service/v1/campaigns/:campaign/tasks/:task/progress',
    {
      preHandler: requireRole('operator', 'tasks:progress'),
      schema: { params: TaskParams, body: ProgressBody, response: { 200: ProgressAnswer, ...refusals } }
    },
    async (request) => {
      const { campaign, task } = request.params
      const { sourceEventId, amount = 1, occurredAt } = request.body
      const found = await finder.findActivity(campaign, task)
      const goal = found && kindOf(found.activity).goal?.(found.activity)
      // an activity of a kind without goals is no task
      if (found === undefined || goal === undefined) throw new ProblemError('NOT_FOUND')
      const { sessions } = found.activity
      const source = request.operator.name
      const at = happenedAt(occurredAt, now())
      const user = userOfBody(request.body.user, '/user')
      const report = { source, sourceEventId, user, amount, at }
      const progress = await fromStore(reportProgress(pool, found, report))
      const { kind, count, state } = counted(progress, new Date(sessions[0]?.opensAt ?? 0).toISOString())
      const completed = state === 'due' || state === 'completed'
      return { count, goal: goal?.count ?? 0, completed, state, repeated: kind === 'repeated' }
    }
  )
}
