import { Type } from 'typebox'
import { dateOfDay } from '../../base/day.ts'
import type { Task } from '../../campaign/kinds/task/rules.ts'
import { businessDays } from '../../campaign/parts/calendar.ts'
import { userField } from '../../record/fields.ts'
import { requestHash } from '../../record/request-hash.ts'
import { fixedHash } from '../wire/idempotency.ts'
import type { HttpKind, Page, Participation, Standings } from './kind.ts'
import { participateCommand } from './parts/command.ts'
import { commonView, liveHead, rulesViewOf, sessionsView, type ViewContext } from './parts/page.ts'
import { common, optional, Reward, sessions, sessionsOfRules, words } from './parts/page-schemas.ts'
import { rewardTerms, rewardView } from './parts/reward.ts'
import { type Day, numberIn } from './parts/standing.ts'
import { completion } from './task/completion.ts'

const CompletionBody = Type.Unsafe<{ readonly proof?: string } | null>({
  ...Type.Object(
    {
      proof: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: 'what shows that it was done; it is kept in the journal, so no personal data'
        })
      )
    },
    { additionalProperties: false }
  ),
  type: ['object', 'null'],
  title: 'Completion of a task'
})

const participation: Participation<Task, typeof CompletionBody> = {
  url: '/v1/campaigns/:campaign/tasks/:task/completions',
  param: 'task',
  tag: 'tasks',
  operationId: 'complete',
  summary: 'Complete a task, or check in',
  body: CompletionBody,
  example: {},
  command(wish) {
    const { campaign, activity: task } = wish.found
    const path = `/v1/campaigns/${campaign.id}/tasks/${task.id}/completions`
    const proof = wish.body?.proof
    if (proof === undefined) return participateCommand(wish, { hash: fixedHash(path) })
    const body = { proof }
    return participateCommand(wish, { hash: requestHash('POST', path, body), request: JSON.stringify(body) })
  }
}

const terms = {
  ...common('task'),
  per: words('day', 'campaign'),
  tier: optional(Type.String()),
  goal: optional(
    Type.Object({
      counter: Type.String(),
      of: optional(words('times', 'units', 'amount')),
      activity: optional(Type.String()),
      count: Type.Integer()
    })
  ),
  after: optional(Type.Array(Type.String(), { description: 'tasks that must be done first' })),
  reward: Reward,
  streak: optional(Type.Array(Type.Object({ days: Type.Integer(), reward: Reward }))),
  streakOn: optional(
    Type.Unsafe<'workdays'>({
      type: 'string',
      enum: ['workdays'],
      description: 'a row is made of workdays: a day off neither breaks nor lengthens it. Absent: of all days'
    })
  )
}

function taskView(task: Task, context: ViewContext) {
  const { goal, after, tier, streak } = task
  return {
    ...commonView(task, context),
    per: task.per,
    ...(tier !== undefined && { tier }),
    ...(goal && { goal }),
    ...(after.length > 0 && { after }),
    reward: rewardView(task, task.reward, context),
    ...(streak.length > 0 && {
      streak: streak.map(({ days, reward }) => ({ days, reward: rewardView(task, reward, context) }))
    }),
    ...(task.streakOn && { streakOn: task.streakOn }),
    sessions: sessionsView(task)
  }
}

const page: Page<Task> = {
  view: taskView,
  liveView: (task, context) => liveHead(task, context),
  rulesView(task, context) {
    const { reward, streak, ...view } = taskView(task, context)
    return rulesViewOf(view, {
      reward: rewardTerms(reward),
      ...(streak && { streak: streak.map((step) => ({ ...step, reward: rewardTerms(step.reward) })) })
    })
  },
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Task' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'TaskTerms' }),
    live: {}
  }
}

/** The day before another one in a row of days. */
function dayBefore(day: number, { campaign }: Day, { streakOn }: Task): number {
  const isInRow = streakOn === undefined ? () => true : businessDays(campaign.rules.calendar)
  let before = day - 1
  while (!isInRow(before)) before -= 1
  return before
}

function streakView(standing: Day, task: Task) {
  const { campaign, fields, today } = standing
  const [day = '', length] = (fields[userField.streak(campaign.id, task.id)] ?? '').split(';')
  if (day === '') return { length: 0, lastDay: null, today: false }
  // a missed day breaks a streak
  const unbroken = Number(day) >= dayBefore(today, standing, task)
  return {
    length: unbroken ? Number(length) : 0,
    lastDay: dateOfDay(Number(day)),
    today: Number(day) === today
  }
}

const standing: Standings<Task> = {
  most: ({ per }) => (per === 'campaign' ? 1 : 0),
  view(standing, task) {
    const { campaign, today, progress } = standing
    const day = task.per === 'day' ? today : undefined
    const done = numberIn(standing, userField.times(campaign.id, task.id, day)) > 0
    const count = progress.get(`${task.id} ${day ?? ''}`)
    return {
      done,
      ...(task.goal && count !== undefined && { progress: { count, goal: task.goal.count } })
    }
  },
  schema: {
    done: optional(Type.Boolean()),
    progress: optional(Type.Object({ count: Type.Integer(), goal: Type.Integer() }))
  },
  streak: (day, task) => (task.streak.length === 0 ? undefined : streakView(day, task))
}

export const task: HttpKind<Task> = { actions: [{ participation, decided: completion }], page, standing }
