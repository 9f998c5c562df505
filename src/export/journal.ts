import { createHmac, randomBytes } from 'node:crypto'
import { isoTime } from '../base/iso-time.ts'
import { decisionId } from '../journal/frame.ts'
import { logical, userOfKey } from '../record/keys.ts'
import type { Queryable } from '../store/connection/transaction.ts'
import { type JournalPlace, lastDecision, readJournal } from '../store/reading/journal-export.ts'
import { readShard } from '../store/shard/shards.ts'
import { JournalEnd } from '../verify/journal-end.ts'
import { JOURNAL_FORMAT, type JournalHeader, type JournalLine } from '../verify/journal-line.ts'
import { exportedDraws } from './draws.ts'
import { type ExportedPage, lineOf } from './lines.ts'

interface ExportOptions {
  readonly namespace: string
  readonly shard: number
  /** '' for all */
  readonly campaign: string
  /** the first decision that is wanted */
  readonly from?: JournalPlace | undefined
  /** users become pseudonyms of this file; keys, requests and what else may name a user are left out */
  readonly mask: boolean
  /** ms since 1970 */
  readonly now: number
}

type Mask = (user: string) => string

const SYSTEM = /^\$/

/** Pseudonyms under a key that nobody keeps: a plain hash of a user id is found by trying all of them. */
function masker(): Mask {
  const secret = randomBytes(32)
  return (user) => {
    if (user === '' || SYSTEM.test(user)) return user
    return `user-${createHmac('sha256', secret).update(user).digest('hex').slice(0, 16)}`
  }
}

function maskedKey(key: string, mask: Mask): string {
  const user = userOfKey(key)
  return user === undefined ? key : logical.user(mask(user))
}

function maskedScopes<V>(scopes: Readonly<Record<string, V>>, mask: Mask): Record<string, V> {
  return Object.fromEntries(Object.entries(scopes).map(([scope, fields]) => [maskedKey(scope, mask), fields]))
}

function masked(line: JournalLine, mask: Mask): JournalLine {
  const { adds, puts, dels } = line
  const hidden = { user: mask(line.user), key: '', hash: '', request: null }
  const removed = dels && { dels: maskedScopes(dels, mask) }
  return { ...line, ...hidden, adds: maskedScopes(adds, mask), puts: maskedScopes(puts, mask), ...removed }
}

/**
 * The journal of a shard as lines of JSON, header first and its end last, as far as Postgres has it now; page by page, so
 * that it needs the same memory for any length.
 */
export async function* exportJournal(db: Queryable, options: ExportOptions): AsyncGenerator<ExportedPage> {
  const { namespace, shard, campaign, from, mask, now } = options
  const row = await readShard(db, shard)
  const through = await lastDecision(db, shard)
  const header: JournalHeader = {
    format: JOURNAL_FORMAT,
    namespace,
    shard,
    exportedAt: isoTime(now),
    campaign,
    from: from === undefined ? null : decisionId({ shard, epoch: from.epoch }, from.sequence),
    through: through === undefined ? null : decisionId({ shard, epoch: through.epoch }, through.sequence),
    openEpoch: row?.state === 'open' ? row.epoch : null,
    masked: mask,
    draws: await exportedDraws(db, campaign, now)
  }
  const end = new JournalEnd()
  const pageOf = (lines: readonly string[]): string => {
    for (const line of lines) end.add(line)
    return `${lines.join('\n')}\n`
  }
  yield { text: pageOf([JSON.stringify(header)]), lines: 0 }
  const pseudonym = masker()
  const pages = through === undefined ? [] : readJournal(db, { shard, from, through, campaign })
  for await (const page of pages) {
    const lines = page.map((decision) => {
      const line = lineOf(decision, options)
      return JSON.stringify(mask ? masked(line, pseudonym) : line)
    })
    yield { text: pageOf(lines), lines: lines.length }
  }
  yield { text: `${end.text()}\n`, lines: 0 }
}
