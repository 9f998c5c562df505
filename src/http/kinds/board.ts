import { Type } from 'typebox'
import type { Board, TopRow } from '../../campaign/kinds/board/rules.ts'
import { localise } from '../problems/language.ts'
import type { HttpKind, Page } from './kind.ts'
import { commonView, liveHead, rulesViewOf, sessionsView, type ViewContext } from './parts/page.ts'
import { common, optional, Reward, sessions, sessionsOfRules, words } from './parts/page-schemas.ts'
import { rewardTerms, rewardView } from './parts/reward.ts'

const terms = {
  ...common('board'),
  metric: words('points', 'units', 'amount', 'invites', 'shares', 'assists'),
  activity: optional(
    Type.String({ description: 'the only activity that counts; absent where all of the campaign do' })
  ),
  period: words('campaign', 'day', 'week'),
  top: Type.Array(Type.Object({ upTo: Type.Integer(), reward: optional(Reward), title: optional(Type.String()) }), {
    description: 'the first row that fits a rank counts'
  })
}

function boardView(board: Board, context: ViewContext) {
  const { metric, activity, period, top } = board
  const topView = ({ upTo, reward, title }: TopRow) => ({
    upTo,
    ...(reward !== null && { reward: rewardView(board, reward, context) }),
    ...(title !== undefined && { title: localise(title, context.language) })
  })
  return {
    ...commonView(board, context),
    metric,
    ...(activity !== '' && { activity }),
    period,
    top: top.map(topView),
    sessions: sessionsView(board)
  }
}

const page: Page<Board> = {
  view: boardView,
  liveView: (board, context) => liveHead(board, context),
  rulesView(board, context) {
    const { top, ...view } = boardView(board, context)
    return rulesViewOf(view, {
      top: top.map(({ reward, ...row }) => ({ ...row, ...(reward !== undefined && { reward: rewardTerms(reward) }) }))
    })
  },
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Board' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'BoardTerms' }),
    live: {}
  }
}

/** A leaderboard, in which nobody takes part himself. */
export const board: HttpKind<Board> = { actions: [], page, standing: { most: () => 0, schema: {} } }
