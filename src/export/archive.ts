import { decisionId } from '../journal/frame.ts'
import type { Queryable } from '../store/connection/transaction.ts'
import { type CampaignPlace, campaignPlaces } from '../store/projection/campaign-places.ts'
import { leftStretches } from '../store/reading/archived.ts'
import { balancesBefore, readJournal } from '../store/reading/journal-export.ts'
import { JournalEnd } from '../verify/journal-end.ts'
import { JOURNAL_FORMAT, type JournalHeader } from '../verify/journal-line.ts'
import { exportedDraws } from './draws.ts'
import { balancesOf, type ExportedPage, leftOf, lineOf } from './lines.ts'

interface ArchiveOptions {
  readonly namespace: string
  readonly campaign: string
}

/** Seeds are in the archive of every draw: it is over. */
const AFTER_ALL = Number.MAX_SAFE_INTEGER

/** What users had on their accounts before a campaign. */
export async function* balanceLines(...[db, of]: Parameters<typeof balancesBefore>): AsyncGenerator<string[]> {
  for await (const page of balancesBefore(db, of)) yield page.map((user) => JSON.stringify(balancesOf(user)))
}

async function* shardLines(
  db: Queryable,
  { namespace, campaign }: ArchiveOptions,
  { place: { shard, first, last }, draws }: { readonly place: CampaignPlace; readonly draws: JournalHeader['draws'] }
): AsyncGenerator<string[]> {
  const through = decisionId({ shard, epoch: last.epoch }, last.sequence)
  const begins = decisionId({ shard, epoch: first.epoch }, first.sequence)
  const left = leftOf(await leftStretches(db, shard), { shard, from: first, through: last }, new Set())
  const whole = { from: null, begins, through, ...left, openEpoch: null, masked: false }
  const header: JournalHeader = { format: JOURNAL_FORMAT, namespace, shard, campaign, ...whole, draws }
  yield [JSON.stringify(header)]
  // only whoever recomputes spins has to know what their users had
  if (draws.length > 0) yield* balanceLines(db, { shard, campaign, before: first })
  const rows = readJournal(db, { shard, from: first, through: last, campaign })
  for await (const page of rows) yield page.map((row) => JSON.stringify(lineOf(row, { shard, campaign })))
}

async function* linePages(db: Queryable, options: ArchiveOptions): AsyncGenerator<string[]> {
  const draws = await exportedDraws(db, options.campaign, AFTER_ALL)
  for (const place of await campaignPlaces(db, options.campaign)) yield* shardLines(db, options, { place, draws })
}

/**
 * The lines of a campaign's archive without the last one, which has their count and sha256; nothing in them depends on when they are
 * written. Each shard has a header, then what its users had on their accounts before, then every decision from the campaign's first to
 * its last: its own whole, and of others their places and what they moved of shared balances, so that a draw can be verified from it.
 */
export async function* archiveLines(db: Queryable, options: ArchiveOptions): AsyncGenerator<string> {
  for await (const page of linePages(db, options)) yield* page
}

/** The archive as text, page by page, its end last: it needs the same memory for any length. */
export async function* archivePages(db: Queryable, options: ArchiveOptions): AsyncGenerator<ExportedPage> {
  const end = new JournalEnd()
  for await (const lines of linePages(db, options)) {
    for (const line of lines) end.add(line)
    if (lines.length > 0) yield { text: `${lines.join('\n')}\n`, lines: lines.length }
  }
  yield { text: `${end.text()}\n`, lines: 0 }
}
