import { Type } from 'typebox'
import type { ActivityRules } from '../../../campaign/kinds/index.ts'
import { heldPrizesOf } from '../../../campaign/kinds/prizes.ts'
import type { Reward } from '../../../campaign/parts/model.ts'
import { rewardDefinition } from '../../../campaign/parts/reward.ts'
import type { Decision } from '../../../gate/batch/outcomes.ts'
import { prizeIn } from '../../../record/reports/moves.ts'
import { localise } from '../../problems/language.ts'
import { orNull, PrizeName, WinState } from '../../views/schemas.ts'
import { winState, wonPrize } from '../../views/win.ts'
import type { DecisionContext } from './decision.ts'
import { stockOf, type ViewContext } from './page.ts'

function prizeView(activity: ActivityRules, id: string, context: ViewContext) {
  const prize = heldPrizesOf(activity).find((held) => held.id === id)
  if (prize === undefined) return {}
  const { title, type, value, quota, claimWithinDays } = prize
  return {
    prize: {
      id,
      title: localise(title, context.language),
      type,
      ...(value > 0 && { value }),
      quota,
      ...(quota !== null && { remaining: stockOf(activity, id, context)?.remaining ?? null }),
      ...(claimWithinDays > 0 && { claimWithinDays })
    }
  }
}

/** A reward of an activity as everybody may see it: of its prize, neither the pool nor what its winner alone is told. */
export function rewardView(activity: ActivityRules, reward: Reward, context: ViewContext) {
  const { prize, ...rest } = rewardDefinition(reward)
  return { ...rest, ...(prize && prizeView(activity, prize.id, context)) }
}

/** The same as the rules promise it, without current figures. */
export function rewardTerms(shown: object): object {
  const { prize, ...rest } = shown as { prize?: { remaining?: unknown } }
  if (prize === undefined) return rest
  const { remaining: _remaining, ...terms } = prize
  return { ...rest, prize: terms }
}

/** The members that the answer to a decision has where its reward held a prize. */
export const prizeMembers = {
  prize: Type.Optional(orNull(PrizeName)),
  win: Type.Optional(orNull(WinState)),
  reason: Type.Optional(
    Type.Unsafe<'exhausted'>({
      type: 'string',
      enum: ['exhausted'],
      description: 'why the prize of the reward was not given: no unit or no code of it was left'
    })
  )
}

/** What became of the prize that the reward of a decision held; nothing where it held none. */
export function prizeGiven({ report, win }: Decision, { findPrize, language }: DecisionContext) {
  const held = prizeIn(report)
  if (held === undefined) return {}
  if (!held.given || win === undefined) return { prize: null, win: null, reason: 'exhausted' as const }
  return { prize: wonPrize(win, findPrize(win.campaign, win.draw, win.prize), language), win: winState(win) }
}
