import type { Pool } from 'pg'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Catalogue } from '../campaign/catalogue.ts'
import { reportProgress } from '../campaign/progress.ts'
import { type CommandEvent, type CommandResult, complaint, Id, rejected, UserId, Word } from './command-event.ts'

/** The body of the HTTP route, and what stands in its path. */
const TaskProgressData = Type.Object({
  campaign: Id,
  task: Id,
  user: UserId,
  amount: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  /** the id of the event is taken where it is absent */
  sourceEventId: Type.Optional(Word),
  occurredAt: Type.Optional(Type.String())
})

const taskProgress = Compile(TaskProgressData)

interface TaskParts {
  readonly pool: Pool
  readonly catalogue: Pick<Catalogue, 'findActivity'>
  /** ms since 1970 */
  readonly now?: () => number
}

/** When something happened; not in the future, and now where nothing readable is said. */
function momentOf(text: string | undefined, now: number): number {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? now : Math.min(at, now)
}

/** Counts progress of a user in a task. @throws what Postgres says */
export async function carryOutProgress(
  { pool, catalogue, now = Date.now }: TaskParts,
  event: CommandEvent
): Promise<CommandResult> {
  const { data } = event
  if (!taskProgress.Check(data)) return rejected('VALIDATION', `data: ${complaint(taskProgress, data)}`)
  const { campaign, task, user } = data
  const about = { campaign, user }
  if (data.occurredAt !== undefined && Number.isNaN(Date.parse(data.occurredAt)))
    return rejected('VALIDATION', 'data: /occurredAt must be a moment', about)
  const found = catalogue.findActivity(campaign, task)
  if (found === undefined) return rejected('NOT_FOUND', 'there is no such task', about)
  const progress = await reportProgress(pool, found, {
    source: event.source,
    sourceEventId: data.sourceEventId ?? event.id,
    user,
    amount: data.amount ?? 1,
    at: momentOf(data.occurredAt ?? event.time, now())
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
