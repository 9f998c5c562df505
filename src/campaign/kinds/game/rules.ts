import { commonDefinition, commonRules, wholeSession, windowDefinition } from '../../parts/activity.ts'
import { type Context, checkOwnWindow, checkReward } from '../../parts/check.ts'
import type { CampaignContext, Window } from '../../parts/context.ts'
import { type Fields, participationFields } from '../../parts/fields.ts'
import type { ActivityBase, Reward } from '../../parts/model.ts'
import { compileReward } from '../../parts/pay.ts'
import { rewardDefinition, rewardRules } from '../../parts/reward.ts'
import type { GameDefinition } from './definition.ts'

/** A game in force. */
export interface Game extends ActivityBase {
  readonly kind: 'game'
  /** 0 without a limit */
  readonly attemptsPerDay: number
  /** null for an outcome that gives nothing */
  readonly outcomes: Readonly<Record<string, Reward | null>>
  /** for sharing a result, once a day; null for nothing */
  readonly onShared: Reward | null
}

/** The action that credits name for a result that was shared. */
export const SHARED = 'shared'

/** Checks what the schema of a game cannot say. */
export function checkGame(game: GameDefinition, pointer: string, context: Context): void {
  checkOwnWindow(game, pointer, context)
  for (const [outcome, reward] of Object.entries(game.outcomes)) {
    checkReward(reward, `${pointer}/outcomes/${outcome}`, context)
  }
  if (game.onShared) checkReward(game.onShared, `${pointer}/onShared`, context)
  if ((game.requires?.level ?? 0) > 0)
    context.add(
      `${pointer}/requires/level`,
      'cannot be asked for: results are reported without the user, and levels are in tokens'
    )
}

const isEmpty = (reward: object) => Object.keys(reward).length === 0

/** A game in force, as it is before any adjustment. */
export function gameRules(game: GameDefinition, window: Window): Game {
  const outcomes = Object.entries(game.outcomes)
  return {
    ...commonRules(game),
    kind: 'game',
    attemptsPerDay: game.attemptsPerDay ?? 0,
    outcomes: Object.fromEntries(
      outcomes.map(([name, reward]) => [name, isEmpty(reward) ? null : rewardRules(reward)])
    ),
    onShared: game.onShared === undefined ? null : rewardRules(game.onShared),
    sessions: [wholeSession(game, window)]
  }
}

export function gameDefinition(game: Game): GameDefinition {
  const { attemptsPerDay, outcomes, onShared } = game
  return {
    ...commonDefinition(game),
    ...windowDefinition(game),
    kind: 'game',
    ...(attemptsPerDay > 0 ? { attemptsPerDay } : {}),
    outcomes: Object.fromEntries(
      Object.entries(outcomes).map(([name, reward]) => [name, reward === null ? {} : rewardDefinition(reward)])
    ),
    ...(onShared ? { onShared: rewardDefinition(onShared) } : {})
  }
}

/** The fields of `a:<campaign>:<game>` beside those of every kind. */
export function compileGame(campaign: CampaignContext, { attemptsPerDay, outcomes, onShared }: Game): Fields {
  return {
    ...participationFields,
    // as the goal of a task, what was played in time may be decided later
    goal: '1',
    per_day: attemptsPerDay,
    outcomes: Object.entries(outcomes)
      .map(([name, reward]) => `${name}=${compileReward(campaign, reward)}`)
      .join(';'),
    [`reward:${SHARED}`]: compileReward(campaign, onShared),
    [`per_day:${SHARED}`]: 1
  }
}
