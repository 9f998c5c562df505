import type { RedemptionDefinition, TaskDefinition } from '../../definition/document.ts'
import {
  amountOf,
  commonDefinition,
  commonRules,
  onlySession,
  type Window,
  wholeSession,
  windowDefinition
} from '../../parts/activity.ts'
import type { Redemption, Task } from '../../parts/model.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'

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
      : {})
  }
}

/** A redemption in force, as it is before any adjustment. */
export function redemptionRules(item: RedemptionDefinition, window: Window): Redemption {
  return {
    ...commonRules(item),
    kind: 'redemption',
    cost: amountOf(item.cost),
    unitsPerUser: item.unitsPerUser ?? 0,
    pool: item.pool ?? '',
    sessions: [wholeSession(item, window, item.stock)]
  }
}

export function redemptionDefinition(item: Redemption): RedemptionDefinition {
  const { cost, unitsPerUser, pool } = item
  return {
    ...commonDefinition(item),
    ...windowDefinition(item),
    kind: 'redemption',
    cost: { [cost.unit]: cost.amount },
    stock: Math.max(0, onlySession(item).stock),
    ...(unitsPerUser > 0 ? { unitsPerUser } : {}),
    ...(pool === '' ? {} : { pool })
  }
}
