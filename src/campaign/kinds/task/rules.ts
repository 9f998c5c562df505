import { commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import type { CountedOf } from '../../parts/own-counters.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { TaskDefinition } from './definition.ts'

/** A task in force; one with a goal is completed by the system only. */
export interface Task extends ActivityBase {
  readonly kind: 'task'
  readonly per: 'day' | 'campaign'
  /** `of` and `activity` are of our own counters only, see parts/own-counters.ts */
  readonly goal: {
    readonly counter: string
    readonly of?: CountedOf
    readonly activity?: string
    readonly count: number
  } | null
  readonly after: readonly string[]
  readonly tier?: 'basic' | 'intermediate' | 'advanced'
  readonly reward: Reward
  /** sorted by days */
  readonly streak: ReadonlyArray<{ readonly days: number; readonly reward: Reward }>
  /** the days of which a row is made; every day where it is absent */
  readonly streakOn?: 'workdays'
}

/** A task in force, as it is before any adjustment. */
export function taskRules(task: TaskDefinition, window: Window): Task {
  return {
    ...commonRules(task),
    kind: 'task',
    per: task.per,
    goal: task.goal ?? null,
    after: task.after ?? [],
    ...(task.tier === undefined ? {} : { tier: task.tier }),
    reward: rewardRules(task.reward),
    streak: (task.streak ?? [])
      .map(({ days, reward }) => ({ days, reward: rewardRules(reward) }))
      .sort((a, b) => a.days - b.days),
    ...(task.streakOn === 'workdays' && { streakOn: task.streakOn }),
    sessions: [wholeSession(task, window)]
  }
}

export function taskDefinition(task: Task): TaskDefinition {
  const { goal, after, tier, streak } = task
  return {
    ...commonDefinition(task),
    ...windowDefinition(task),
    kind: 'task',
    per: task.per,
    ...(goal ? { goal: { ...goal } } : {}),
    ...(after.length > 0 ? { after: [...after] } : {}),
    ...(tier === undefined ? {} : { tier }),
    reward: rewardDefinition(task.reward),
    ...(streak.length > 0
      ? { streak: streak.map(({ days, reward }) => ({ days, reward: rewardDefinition(reward) })) }
      : {}),
    ...(task.streakOn && { streakOn: task.streakOn })
  }
}
