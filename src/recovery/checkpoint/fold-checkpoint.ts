import type { Pool } from 'pg'
import { LAYOUT } from '../../gate/redis/base.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import {
  advanceCheckpoint,
  type CheckpointPlace,
  completePlace,
  decisionsBetween,
  readCheckpoint,
  readCheckpointRows
} from '../../store/projection/checkpoint.ts'
import type { FoldedDecision } from '../../store/projection/restore.ts'
import { Fold, parseFields } from '../open/fold-users.ts'

/** Decisions of one transaction, about: it ends with a whole frame. */
const PAGE = 2000
/** A frame has at most 128. */
const LONGEST_FRAME = 128

/** A comparison with Redis looks at a moment that is a little older than the newest decision. */
const YOUNGEST_SECONDS = 5

function textOf(fields: ReadonlyMap<string, number | string>): string {
  return JSON.stringify(Array.from(fields, ([field, value]) => [field, String(value)]).flat())
}

/** Leaves out the frame at the end that may go on in the next page. */
function wholeFrames(page: readonly FoldedDecision[], isLastPage: boolean): readonly FoldedDecision[] {
  if (isLastPage) return page
  const last = page.at(-1)
  return page.slice(
    0,
    page.findIndex(({ epoch, batch }) => epoch === last?.epoch && batch === last.batch)
  )
}

async function foldPage(pool: Pool, shard: number, upTo: CheckpointPlace): Promise<number> {
  const from = await readCheckpoint(pool, shard)
  const most = PAGE + LONGEST_FRAME
  const read = await decisionsBetween(pool, shard, { after: from, upTo, most })
  const page = wholeFrames(read, read.length < most)
  const last = page.at(-1)
  if (last === undefined) return 0
  const changes = new Fold()
  for (const decision of page) changes.add(decision)
  const known = await readCheckpointRows(pool, shard, [...changes.hashes.keys()])
  const fold = new Fold()
  for (const [hash, fields] of known) fold.seed(hash, parseFields(fields))
  for (const decision of page) fold.add(decision)
  const rows = Array.from(fold.hashes, ([hash, fields]) => ({ hash, fields: textOf(fields) }))
  const moved = await inTransaction(pool, (client) =>
    advanceCheckpoint(client, shard, { from, to: last, layout: LAYOUT, rows })
  )
  return moved ? page.length : 0
}

/**
 * Folds decisions into the checkpoint, behind the projection: page by page for a bounded time, so that it never takes more than a part
 * of a core.
 * @param budgetMs after which no further page is begun
 * @returns how many decisions were folded
 */
export async function foldCheckpoint(
  { pool, shard }: { readonly pool: Pool; readonly shard: number },
  { budgetMs, youngestSeconds = YOUNGEST_SECONDS }: { readonly budgetMs: number; readonly youngestSeconds?: number }
): Promise<number> {
  const upTo = await completePlace(pool, shard, youngestSeconds)
  if (upTo === undefined) return 0
  const end = performance.now() + budgetMs
  let folded = 0
  for (;;) {
    const page = await foldPage(pool, shard, upTo)
    folded += page
    if (page === 0 || performance.now() > end) return folded
  }
}
