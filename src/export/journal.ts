import { createHmac, randomBytes } from 'node:crypto'
import { CommandError } from '../base/errors.ts'
import { isoTime } from '../base/iso-time.ts'
import { decisionId } from '../journal/frame.ts'
import { logical, userOfKey } from '../record/keys.ts'
import type { Queryable } from '../store/connection/transaction.ts'
import { campaignPlaces } from '../store/projection/campaign-places.ts'
import { isBefore } from '../store/projection/forgetting.ts'
import { type LeftStretch, leftStretches } from '../store/reading/archived.ts'
import { type JournalPlace, lastDecision } from '../store/reading/journal-export.ts'
import { readShard } from '../store/shard/shards.ts'
import { JournalEnd } from '../verify/journal-end.ts'
import {
  isBalances,
  JOURNAL_FORMAT,
  type JournalHeader,
  type JournalLine,
  readBalances
} from '../verify/journal-line.ts'
import { balanceLines } from './archive.ts'
import { exportedDraws } from './draws.ts'
import { type ExportedPage, leftOf, lineOf } from './lines.ts'
import { type GivenArchive, mergedJournal, shardLinesOf } from './merged.ts'

interface ExportOptions {
  readonly namespace: string
  readonly shard: number
  /** '' for all */
  readonly campaign: string
  /** the first decision that is wanted */
  readonly from?: JournalPlace | undefined
  /** archives of campaigns that have left Postgres, which were read whole */
  readonly archives?: readonly GivenArchive[]
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

function maskedBalances(line: string, mask: Mask): string {
  const { user, before } = readBalances(line)
  return JSON.stringify({ user: mask(user), before })
}

function masked(line: JournalLine, mask: Mask): JournalLine {
  const { adds, puts, dels } = line
  const hidden = { user: mask(line.user), key: '', hash: '', request: null }
  const removed = dels && { dels: maskedScopes(dels, mask) }
  return { ...line, ...hidden, adds: maskedScopes(adds, mask), puts: maskedScopes(puts, mask), ...removed }
}

const NOTHING = { epoch: 0, sequence: 0 }

/** Where an export begins, and with which balances where that is not the beginning of the journal. */
interface Start {
  readonly from: JournalPlace | undefined
  readonly begins: Pick<JournalHeader, 'begins'>
  readonly balances: AsyncIterable<string[]> | readonly string[][]
}

/**
 * An export of one campaign begins with it where older decisions have left with other campaigns: what users had then is told by the
 * ledger, or by the campaign's own archive.
 */
async function startOf(db: Queryable, options: ExportOptions, left: readonly LeftStretch[]): Promise<Start> {
  const { shard, campaign, from, archives = [] } = options
  const place = (await campaignPlaces(db, campaign)).find((one) => one.shard === shard)
  const isWhole = !left.some((one) => place && isBefore(one.from, place.first))
  if (from !== undefined || place === undefined || isWhole) return { from, begins: {}, balances: [] }
  const { first } = place
  const own = archives.find((archive) => archive.campaign === campaign)
  const balances = own ? balanceLinesOf(own.path, shard) : balanceLines(db, { shard, campaign, before: first })
  return { from: first, begins: { begins: decisionId({ shard, epoch: first.epoch }, first.sequence) }, balances }
}

async function* balanceLinesOf(path: string, shard: number): AsyncGenerator<string[]> {
  for await (const line of shardLinesOf(path, shard)) {
    if (!isBalances(line)) return
    yield [line]
  }
}

async function newestOf(db: Queryable, shard: number, left: readonly LeftStretch[]): Promise<JournalPlace | undefined> {
  const places = [...left.map(({ through }) => through), (await lastDecision(db, shard)) ?? NOTHING]
  const newest = places.reduce((most, one) => (isBefore(most, one) ? one : most), NOTHING)
  return newest === NOTHING ? undefined : newest
}

/** Rows may leave while others are read, and nobody would know of those that are missing in what is read later. */
function mustStay(before: Pick<JournalHeader, 'left'>, now: Pick<JournalHeader, 'left'>): void {
  const known = new Set(before.left?.map((one) => JSON.stringify(one)))
  const gone = now.left?.find((one) => !known.has(JSON.stringify(one)))
  if (gone === undefined) return
  throw new CommandError(
    `Decisions of ${gone.campaign} left while the journal was exported: an archive takes them out.`,
    'Some of them are in what was written, and others are not.',
    'Export it again.'
  )
}

/**
 * The journal of a shard as lines of JSON, header first and its end last, as far as Postgres and the given archives have it now; page by
 * page, so that it needs the same memory for any length.
 * @throws CommandError instead of the end when an archive took decisions out meanwhile
 */
export async function* exportJournal(db: Queryable, options: ExportOptions): AsyncGenerator<ExportedPage> {
  const { namespace, shard, campaign, mask, now, archives = [] } = options
  const row = await readShard(db, shard)
  const stretches = await leftStretches(db, shard)
  const through = await newestOf(db, shard, stretches)
  const { from, begins, balances } = await startOf(db, options, stretches)
  const given = new Set(archives.map(({ sha256 }) => sha256))
  const range = { shard, from: from ?? NOTHING, through: through ?? NOTHING }
  const left = leftOf(stretches, range, given)
  const header: JournalHeader = {
    format: JOURNAL_FORMAT,
    namespace,
    shard,
    exportedAt: isoTime(now),
    campaign,
    from: options.from === undefined ? null : decisionId({ shard, epoch: options.from.epoch }, options.from.sequence),
    ...begins,
    through: through === undefined ? null : decisionId({ shard, epoch: through.epoch }, through.sequence),
    ...left,
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
  for await (const lines of balances) {
    const shown = mask ? lines.map((line) => maskedBalances(line, pseudonym)) : lines
    if (shown.length > 0) yield { text: pageOf(shown), lines: 0 }
  }
  const paths = archives.map(({ path }) => path)
  const pages = through === undefined ? [] : mergedJournal(db, { shard, from, through, campaign }, paths)
  for await (const page of pages) {
    const lines = page.map((decision) => {
      const line = lineOf(decision, options)
      return JSON.stringify(mask ? masked(line, pseudonym) : line)
    })
    yield { text: pageOf(lines), lines: lines.length }
  }
  mustStay(left, leftOf(await leftStretches(db, shard), range, given))
  yield { text: `${end.text()}\n`, lines: 0 }
}
