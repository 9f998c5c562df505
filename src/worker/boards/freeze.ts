import type { Pool, PoolClient } from 'pg'
import { type Board, topRowOf } from '../../campaign/kinds/board/rules.ts'
import { failPoint } from '../../config/fail-points.ts'
import { beginFreezing, freezePage, type Ranked } from '../../store/boards/ranks.ts'
import { inTransaction } from '../../store/connection/transaction.ts'

const AT_ONCE = 1000

/** A rank for which there is a row of `top`. */
export interface TopRank extends Ranked {
  /** counted from 0 */
  readonly row: number
}

interface FreezingParts {
  readonly pool: Pool
  /** writes what the ranks get, in the transaction that writes the ranks */
  readonly award: (client: PoolClient, ranks: readonly TopRank[]) => Promise<void>
}

/**
 * Writes the final order of a period, page by page: killed at any point and begun again it goes on where it was, and each rank is
 * awarded in the transaction that writes it. Who is disqualified when it begins is left out. A period that is frozen stays as it is.
 * @returns whether this call wrote the last page
 */
export async function freezePeriod(
  { pool, award }: FreezingParts,
  { campaign, board, period }: { readonly campaign: string; readonly board: Board; readonly period: string }
): Promise<boolean> {
  const place = { campaign, board: board.id, period }
  if (failPoint) await failPoint('B1')
  await inTransaction(pool, (client) => beginFreezing(client, place))
  const rowOf = (rank: number) => topRowOf(board, rank)
  for (;;) {
    const page = await inTransaction(pool, async (client) => {
      const frozen = await freezePage(client, place, { limit: AT_ONCE, topRowOf: rowOf })
      const top = (frozen?.ranks ?? []).map((ranked) => ({ ...ranked, row: rowOf(ranked.rank) }))
      await award(
        client,
        top.filter(({ row }) => row >= 0)
      )
      return frozen
    })
    if (failPoint) await failPoint('B2')
    if (page === undefined || page.isLast) return page !== undefined
  }
}
