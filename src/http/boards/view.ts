import { type Static, Type } from 'typebox'
import { isoTime } from '../../base/iso-time.ts'
import { type Board, topRowOf } from '../../campaign/kinds/board/rules.ts'
import type { RankedUser } from '../../gate/boards/board-reader.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { type Language, localise } from '../problems/language.ts'
import { maskUser } from '../views/mask-user.ts'
import { Time } from '../wire/schemas.ts'
import type { Around, FoundBoard } from './find-board.ts'

const place = {
  rank: Type.Integer(),
  score: Type.Integer(),
  title: Type.Optional(Type.String({ description: 'what the rank is called, where the board has a title for it' }))
}
const Place = Type.Object({ ...place, user: Type.String({ description: 'masked' }) }, { title: 'BoardPlace' })
type Place = Static<typeof Place>

const Mine = Type.Object(
  { ...place, neighbours: Type.Array(Place, { description: 'up to two before and two after' }) },
  { title: 'OwnBoardPlace' }
)

export const Leaderboard = Type.Object(
  {
    board: Type.String(),
    metric: Type.String(),
    period: Type.String({ description: '`campaign`, or the date of the day or of the Monday of the week' }),
    asOf: Type.Unsafe<string>({ ...Time, description: 'all that was decided until then is counted' }),
    frozen: Type.Boolean({ description: 'whether the order is final' }),
    items: Type.Array(Place),
    me: Type.Unsafe<Static<typeof Mine> | null>({
      ...Mine,
      type: ['object', 'null'],
      description: 'null without a token, and for a user without a score'
    })
  },
  { title: 'Leaderboard' }
)
type Leaderboard = Static<typeof Leaderboard>

/** What a view of a board is made from. */
interface Shown {
  readonly board: Board
  readonly period: string
  readonly found: FoundBoard
  readonly limit: number
  readonly language: Language
  /** ms since 1970: what a period without scores stands for */
  readonly opensAt: number
  /** undefined without a token */
  readonly mine: { readonly user: string; readonly around: Around } | undefined
}

/** The title of a rank. */
function titleOf(board: Board, rank: number, language: Language): { title?: string } {
  const title = board.top[topRowOf(board, rank)]?.title
  return title === undefined ? {} : { title: localise(title, language) }
}

export function leaderboardView(shown: Shown): Leaderboard {
  const { board, period, found, limit, language, opensAt, mine } = shown
  const placeView = ({ rank, user, score }: RankedUser): Place => ({
    rank,
    user: maskUser(issuedUser(user)),
    score,
    ...titleOf(board, rank, language)
  })
  const own = mine?.around.find(({ user }) => user === mine.user)
  return {
    board: board.id,
    metric: board.metric,
    period,
    asOf: isoTime(found.asOf ?? opensAt),
    frozen: found.period?.state === 'frozen',
    items: found.users.slice(0, limit).map(placeView),
    me:
      own === undefined
        ? null
        : {
            rank: own.rank,
            score: own.score,
            ...titleOf(board, own.rank, language),
            neighbours: (mine?.around ?? []).filter((other) => other !== own).map(placeView)
          }
  }
}
