import type { Pool } from 'pg'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { MOMENT_FORM, momentOf, NO_MOMENT } from '../../base/moment.ts'
import { reportProgress } from '../../campaign/actions/task-progress.ts'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { insideUser } from '../../store/connection/user-name.ts'
import { type CommandEvent, type CommandResult, complaint, Id, rejected, UserId, Word } from './event.ts'

/** The body of the HTTP route, and what stands in its path. */
export const TaskProgressData = Type.Object({
  campaign: Id,
  task: Id,
  user: UserId,
  amount: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  sourceEventId: Type.Optional({
    ...Word,
    description: 'id of the event at its source; the id of the command where absent'
  }),
  occurredAt: Type.Optional(
    Type.String({ description: 'a date and time: the day that it counts for; `time`, else now, where absent' })
  )
})

const taskProgress = Compile(TaskProgressData)

interface TaskParts {
  readonly pool: Pool
  readonly catalogue: Pick<Catalogue, 'findActivity'>
  /** ms since 1970 */
  readonly now?: () => number
}

/** Counts progress of a user in a task. @throws what Postgres says */
export async function carryOutProgress(
  { pool, catalogue, now = Date.now }: TaskParts,
  event: CommandEvent
): Promise<CommandResult> {
  const { data } = event
  if (!taskProgress.Check(data)) return rejected('VALIDATION', `data: ${complaint(taskProgress, data)}`)
  const { campaign, task } = data
  const user = insideUser(data.user)
  if (user === undefined) return rejected('VALIDATION', 'data: /user is not the id of a user')
  const about = { campaign, user }
  const [place, text] = data.occurredAt === undefined ? ['/time', event.time] : ['data: /occurredAt', data.occurredAt]
  const at = text === undefined ? now() : momentOf(text)
  if (at === undefined) return rejected('VALIDATION', `${place} ${NO_MOMENT}, or ${MOMENT_FORM}`, about)
  const found = catalogue.findActivity(campaign, task)
  if (found === undefined) return rejected('NOT_FOUND', 'there is no such task', about)
  const progress = await reportProgress(pool, found, {
    source: event.source,
    sourceEventId: data.sourceEventId ?? event.id,
    user,
    amount: data.amount ?? 1,
    // what lies in the future counts for now: clocks of other systems differ
    at: Math.min(at, now())
  })
  switch (progress.kind) {
    case 'counted':
    case 'repeated':
      return { ...about, accepted: true, data: { task, count: progress.count, state: progress.state } }
    case 'conflict':
      return rejected('CONFLICT', 'this event told of another user or amount before', about)
    case 'refused':
      return rejected(progress.code, progress.detail, about)
    default:
      return progress satisfies never
  }
}
