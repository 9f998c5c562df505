import { Type } from 'typebox'
import { type Progress, type ProgressReport, recordProgress } from '../../store/campaigns/progress.ts'
import type { CatalogueActivity } from '../carrying/catalogue.ts'
import { kindOf } from '../kinds/index.ts'
import type { Goal } from '../parts/kind.ts'
import { dayNumberAt } from '../parts/local-time.ts'

/** How much a report of progress counts, over HTTP and by commands. */
export const ProgressAmount = Type.Integer({ minimum: 1, maximum: 1_000_000, description: '1 where absent' })

/** Another system's report of a user's progress in a task. */
interface TaskReport extends Pick<ProgressReport, 'source' | 'sourceEventId' | 'user' | 'amount'> {
  /** when it happened, ms since 1970: the day that it counts for */
  readonly at: number
}

export type TaskProgress =
  | Progress
  /** `CONFLICT`: the task has no goal; the others: the progress happened outside the task's window */
  | { readonly kind: 'refused'; readonly code: 'NOT_STARTED' | 'ENDED' | 'CONFLICT'; readonly detail: string }

/** The local day of a moment for a goal per day, '' for one per campaign. */
export function periodOf({ per }: Pick<Goal, 'per'>, timezone: string, at: number): string {
  return per === 'campaign' ? '' : String(dayNumberAt(at, timezone))
}

/**
 * Counts a report of progress by the rules in force; see recordProgress. When a goal is reached, the worker asks the gate to
 * complete the task.
 * @throws what Postgres throws
 */
export async function reportProgress(
  db: Parameters<typeof recordProgress>[0],
  { campaign, activity }: CatalogueActivity,
  report: TaskReport
): Promise<TaskProgress> {
  const refused = (code: 'NOT_STARTED' | 'ENDED' | 'CONFLICT', detail: string) =>
    ({ kind: 'refused', code, detail }) as const
  const goal = kindOf(activity).goal?.(activity) ?? null
  if (goal === null) return refused('CONFLICT', 'it is no task with a goal')
  if (goal.counted === 'here') return refused('CONFLICT', 'the goal of this task is counted by Floodgate itself')
  const { at, ...counted } = report
  const { opensAt = 0, closesAt = 0 } = activity.sessions[0] ?? {}
  if (at < opensAt) return refused('NOT_STARTED', `the task opens at ${new Date(opensAt).toISOString()}`)
  if (at >= closesAt || campaign.ended) return refused('ENDED', 'the task is over')
  return recordProgress(db, {
    ...counted,
    campaign: campaign.id,
    task: activity.id,
    period: periodOf(goal, campaign.rules.timezone, at),
    goal: goal.count
  })
}
