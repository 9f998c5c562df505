import type { CampaignContext } from '../../parts/context.ts'
import type { Fields } from '../../parts/fields.ts'
import type { KindRules } from '../../parts/kind.ts'
import { compileReward } from '../../parts/pay.ts'
import { checkBoard } from './check.ts'
import { type BoardDefinition, BoardSchema } from './definition.ts'
import { WHOLE_CAMPAIGN } from './periods.ts'
import { type Board, boardDefinition, boardRules } from './rules.ts'

/** The action under which the gate gives the reward of a row of `top`. @param row counted from 0 */
export const topAction = (row: number) => `top-${row + 1}`

function compileBoard(campaign: CampaignContext, { top }: Board): Fields {
  const rewards = top.flatMap(
    ({ reward }, row): Array<[string, string]> =>
      reward === null ? [] : [[`reward:${topAction(row)}`, compileReward(campaign, reward)]]
  )
  return Object.fromEntries(rewards)
}

/** Ranks users by what they did in other activities. */
export const board: KindRules<BoardDefinition, Board> = {
  schema: BoardSchema,
  frozen: ['metric', 'activity', 'period', 'top'] satisfies ReadonlyArray<keyof Board>,
  check: checkBoard,
  rules: boardRules,
  definition: boardDefinition,
  compile: compileBoard,
  isFollowed: () => true,
  finalPeriods: ({ period }) => (period === WHOLE_CAMPAIGN ? [WHOLE_CAMPAIGN] : []),
  rewards: ({ top }) => top.map(({ reward }) => reward)
}
