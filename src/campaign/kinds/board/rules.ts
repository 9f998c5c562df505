import { commonDefinition, commonRules, wholeSession } from '../../parts/activity.ts'
import type { Window } from '../../parts/context.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { Localized } from '../../parts/shapes.ts'
import type { BoardDefinition } from './definition.ts'

/** What those get whose rank is at most `upTo`; the first row that fits a rank counts. */
export interface TopRow {
  readonly upTo: number
  readonly reward: Reward | null
  readonly title?: Localized
}

/** A leaderboard in force; `activity` is '' where it counts all of the campaign. */
export interface Board extends ActivityBase {
  readonly kind: 'board'
  readonly metric: BoardDefinition['metric']
  readonly activity: string
  readonly period: 'campaign' | 'day' | 'week'
  readonly top: readonly TopRow[]
}

/** A leaderboard in force, as it is before any adjustment: its window is the campaign's. */
export function boardRules(board: BoardDefinition, window: Window): Board {
  return {
    ...commonRules(board),
    kind: 'board',
    metric: board.metric,
    activity: board.activity ?? '',
    period: board.period ?? 'campaign',
    top: (board.top ?? []).map(({ upTo, reward, title }) => ({
      upTo,
      reward: reward === undefined ? null : rewardRules(reward),
      ...(title === undefined ? {} : { title })
    })),
    sessions: [wholeSession({}, window)]
  }
}

export function boardDefinition(board: Board): BoardDefinition {
  const { metric, activity, period, top } = board
  return {
    ...commonDefinition(board),
    kind: 'board',
    metric,
    ...(activity === '' ? {} : { activity }),
    period,
    ...(top.length > 0 ? { top: top.map(topDefinition) } : {})
  }
}

/** A row of `top` in the form of a definition. */
function topDefinition({ upTo, reward, title }: TopRow): NonNullable<BoardDefinition['top']>[number] {
  return {
    upTo,
    ...(reward === null ? {} : { reward: rewardDefinition(reward) }),
    ...(title === undefined ? {} : { title })
  }
}

/** The row of `top` that a rank fits, counted from 0; -1 for none. */
export function topRowOf({ top }: Pick<Board, 'top'>, rank: number): number {
  return top.findIndex(({ upTo }) => rank <= upTo)
}

/** Whether an activity is a leaderboard. */
export function isBoard(activity: ActivityBase): activity is Board {
  return activity.kind === 'board'
}
