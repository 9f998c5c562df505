import type { Board } from '../../../../campaign/kinds/board/rules.ts'
import type { ActivityListeners } from '../../listener.ts'
import { countDecisions } from './count.ts'

/** A leaderboard counts decisions; src/worker/boards shows what it counted and makes it final. */
export const board: ActivityListeners<Board> = {
  listenerOf: (activity, rules) => ({
    name: activity.id,
    take: (session, decisions) => countDecisions(session, { rules, board: activity }, decisions)
  })
}
