import { commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { AssistDefinition } from './definition.ts'

/** The activity by which users help shares; 0 means no limit. */
export interface Assist extends ActivityBase {
  readonly kind: 'assist'
  /** sorted by count */
  readonly thresholds: ReadonlyArray<{ readonly count: number; readonly reward: Reward }>
  readonly helperPerDay: number
  readonly newUsers: boolean
  readonly withinHours: number
  /** what the helper gets; null for nothing */
  readonly helper: Reward | null
}

/** The activity in force, as it is before any adjustment. */
export function assistRules(assist: AssistDefinition, window: Window): Assist {
  return {
    ...commonRules(assist),
    kind: 'assist',
    thresholds: assist.thresholds
      .map(({ count, reward }) => ({ count, reward: rewardRules(reward) }))
      .sort((a, b) => a.count - b.count),
    helperPerDay: assist.helperPerDay ?? 0,
    newUsers: assist.newUsers ?? false,
    withinHours: assist.withinHours ?? 0,
    helper: assist.helper === undefined ? null : rewardRules(assist.helper.reward),
    sessions: [wholeSession(assist, window)]
  }
}

export function assistDefinition(assist: Assist): AssistDefinition {
  const { thresholds, helperPerDay, newUsers, withinHours, helper } = assist
  return {
    ...commonDefinition(assist),
    ...windowDefinition(assist),
    kind: 'assist',
    thresholds: thresholds.map(({ count, reward }) => ({ count, reward: rewardDefinition(reward) })),
    ...(helperPerDay > 0 ? { helperPerDay } : {}),
    newUsers,
    ...(withinHours > 0 ? { withinHours } : {}),
    ...(helper === null ? {} : { helper: { reward: rewardDefinition(helper) } })
  }
}
