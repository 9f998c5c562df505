import { type Context, checkReward, checkUnique } from '../../parts/check.ts'
import { shown } from '../../parts/explain.ts'
import type { BoardDefinition } from './definition.ts'

/** Checks what the schema of a board cannot say. */
export function checkBoard(board: BoardDefinition, pointer: string, context: Context): void {
  const { activity, metric, top = [] } = board
  const { add, kindById, inMoney, currencies } = context
  if (metric === 'units' || metric === 'amount') checkBought()
  else checkActivity()
  for (const [index, { reward }] of top.entries()) {
    if (reward) checkReward(reward, `${pointer}/top/${index}/reward`, context)
  }
  checkUnique(
    top.map(({ upTo }) => upTo),
    (index) => `${pointer}/top/${index}/upTo`,
    add
  )

  function checkActivity(): void {
    if (activity === undefined || (kindById.has(activity) && kindById.get(activity) !== board.kind)) return
    add(`${pointer}/activity`, `there is no activity ${shown(activity)} that could be counted`)
  }

  function checkBought(): void {
    if (activity !== undefined && !inMoney.some((kind) => kind === kindById.get(activity)))
      add(`${pointer}/activity`, `there is no ${inMoney.join(' or ')} ${shown(activity)}`)
    if (metric === 'amount' && currencies.size > 1)
      add(`${pointer}/metric`, `asks for one currency in the campaign, which has ${[...currencies].sort().join(', ')}`)
  }
}
