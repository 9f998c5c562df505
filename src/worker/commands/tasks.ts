import type { Pool } from 'pg'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { pastMoment } from '../../base/moment.ts'
import { ProgressAmount, reportProgress } from '../../campaign/actions/task-progress.ts'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { insideUser } from '../../store/connection/user-name.ts'
import { type CommandEvent, type CommandResult, complaint, Id, rejected, UserId, Word } from './event.ts'

/** The body of the HTTP route, with the parameters of its path. */
export const TaskProgressData = Type.Object({
  campaign: Id,
  task: Id,
  user: UserId,
  amount: Type.Optional(ProgressAmount),
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

/**
 * When it happened: `occurredAt`, read as over HTTP, else the time of the command, else now; or the error. The time of the
 * command comes from the sender's clock, so one in the future counts as now.
 */
function happenedAt(
  occurredAt: string | undefined,
  time: string | undefined,
  now: number
): ReturnType<typeof pastMoment> {
  const [place, text, aheadMs] =
    occurredAt === undefined ? ['/time', time, Number.POSITIVE_INFINITY] : ['data: /occurredAt', occurredAt]
  const read = text === undefined ? { at: now } : pastMoment(text, now, aheadMs)
  return 'wrong' in read ? { wrong: `${place} ${read.wrong}` } : read
}

/** Counts progress of a user in a task. @throws what Postgres throws */
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
  const happened = happenedAt(data.occurredAt, event.time, now())
  if ('wrong' in happened) return rejected('VALIDATION', happened.wrong, about)
  const found = catalogue.findActivity(campaign, task)
  if (found === undefined) return rejected('NOT_FOUND', 'there is no such task', about)
  const progress = await reportProgress(pool, found, {
    source: event.source,
    sourceEventId: data.sourceEventId ?? event.id,
    user,
    amount: data.amount ?? 1,
    at: happened.at
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
