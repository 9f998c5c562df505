import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { LAYOUT } from '../../gate/redis/base.ts'
import { logical } from '../../record/keys.ts'
import { decisionOfReplay } from '../../record/replay.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import {
  advanceCheckpoint,
  type CheckpointPlace,
  completePlace,
  decisionsBetween,
  readCheckpoint,
  readCheckpointRows
} from '../../store/projection/checkpoint.ts'
import { isBefore } from '../../store/projection/forgetting.ts'
import { type FoldedDecision, readAlongIndexes } from '../../store/projection/restore.ts'
import { Fold, type FoldedFields, parseFields } from '../open/fold-users.ts'

/** Decisions of one transaction, about: it ends with a whole frame. */
const PAGE = 2000
/** A frame has at most 128. */
const LONGEST_FRAME = 128

/** A comparison with Redis looks at a moment that is a little older than the newest decision. */
const YOUNGEST_SECONDS = 5

/** Fields of a hash as a row of the checkpoint holds them. */
export function fieldsText(fields: FoldedFields): string {
  return JSON.stringify([...fields].flatMap(([field, value]) => (value === null ? [] : [field, String(value)])))
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

interface Folded {
  readonly pool: Pool
  readonly shard: number
  readonly logger: Logger
}

/** The place of another decision that the user of a decision has under its key; undefined where there is none. */
function decidedBefore(fold: Fold, { user, key, epoch, sequence }: FoldedDecision): string | undefined {
  const record = fold.hashes.get(logical.user(user))?.get(key)
  const before = typeof record === 'string' ? decisionOfReplay(record) : undefined
  return before && (before.epoch !== epoch || before.sequence !== sequence)
    ? `${before.epoch}-${before.sequence}`
    : undefined
}

/** @returns how many decisions were folded, and whether more may be there */
async function foldPage(
  { pool, shard, logger }: Folded,
  upTo: CheckpointPlace
): Promise<{ readonly folded: number; readonly hasMore: boolean }> {
  const from = await readCheckpoint(pool, shard)
  if (!isBefore(from, upTo)) return { folded: 0, hasMore: false }
  const most = PAGE + LONGEST_FRAME
  const read = await readAlongIndexes(pool, (client) => decisionsBetween(client, shard, { after: from, upTo, most }))
  const hasMore = read.length === most
  const page = wholeFrames(read, !hasMore)
  const last = page.at(-1)
  if (last === undefined) return { folded: 0, hasMore: false }
  const changes = new Fold()
  for (const decision of page) changes.add(decision)
  const known = await readCheckpointRows(pool, shard, [...changes.hashes.keys()])
  const fold = new Fold()
  for (const [hash, fields] of known) fold.seed(hash, parseFields(fields))
  const twice: object[] = []
  for (const decision of page) {
    const { user, key, epoch, sequence } = decision
    // a key is free again only once it left Redis, and it leaves the checkpoint before that
    const before = decidedBefore(fold, decision)
    if (before !== undefined) twice.push({ user, key, decisions: [before, `${epoch}-${sequence}`] })
    fold.add(decision)
  }
  const rows = Array.from(fold.hashes, ([hash, fields]) => ({ hash, fields: fieldsText(fields) }))
  const moved = await inTransaction(pool, (client) =>
    advanceCheckpoint(client, shard, { from, to: last, layout: LAYOUT, rows })
  )
  if (!moved) return { folded: 0, hasMore: false }
  for (const each of twice)
    logger.error({ alarm: 'KEY_DECIDED_TWICE', shard, ...each }, 'a key decided twice, and the first was not forgotten')
  return { folded: page.length, hasMore }
}

/**
 * Folds decisions into the checkpoint, behind the projection: page by page for a bounded time, so that it never takes more than a part
 * of a core.
 * @param budgetMs after which no further page is begun
 * @returns how many decisions were folded
 */
export async function foldCheckpoint(
  parts: Folded,
  { budgetMs, youngestSeconds = YOUNGEST_SECONDS }: { readonly budgetMs: number; readonly youngestSeconds?: number }
): Promise<number> {
  const upTo = await completePlace(parts.pool, parts.shard, youngestSeconds)
  if (upTo === undefined) return 0
  const end = performance.now() + budgetMs
  let folded = 0
  for (;;) {
    const page = await foldPage(parts, upTo)
    folded += page.folded
    if (!page.hasMore || performance.now() > end) return folded
  }
}
