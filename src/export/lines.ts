import { isoTime } from '../base/iso-time.ts'
import { decisionId } from '../journal/frame.ts'
import { creditOf, userField } from '../record/fields.ts'
import { isUserKey, scopeKey } from '../record/keys.ts'
import { movesOf, moveText } from '../record/reports/moves.ts'
import { isBefore } from '../store/projection/forgetting.ts'
import type { LeftStretch } from '../store/reading/archived.ts'
import type { AccountBalances, JournalPlace, JournalRow } from '../store/reading/journal-export.ts'
import type { JournalBalances, JournalHeader, JournalLine } from '../verify/journal-line.ts'

/** Lines of a page and how many there are. */
export interface ExportedPage {
  readonly text: string
  readonly lines: number
}

/**
 * What a decision of another campaign moved of balances that count here: those of accounts, which live over all campaigns,
 * and this campaign's own, which anybody may have been credited with.
 */
function sharedMoves(row: JournalRow, campaign: string): Pick<JournalLine, 'adds' | 'report'> {
  const adds: Record<string, Record<string, number>> = {}
  const units = new Set<string>()
  for (const [scope, fields] of Object.entries(row.adds)) {
    if (!isUserKey(scopeKey(scope, row))) continue
    for (const [field, delta] of Object.entries(fields)) {
      const credit = creditOf(field)
      if (credit === undefined || (credit.scope !== '' && credit.scope !== campaign)) continue
      units.add(credit.unit)
      adds[scope] = { ...adds[scope], [field]: delta }
    }
  }
  const moves = movesOf(row.report).filter(({ unit }) => units.has(unit))
  return { adds, report: moves.map(moveText).join('') }
}

/** the type of a decision of another campaign than the file's */
const OTHER = 'other'
const nothing = { key: '', campaign: '', activity: '', session: '', entity: '', request: null, puts: {}, record: '' }

/** A decision as a line: all of its row, or of another campaign what counts here. @param of.campaign '' for all */
export function lineOf(row: JournalRow, of: { readonly shard: number; readonly campaign: string }): JournalLine {
  const { epoch, sequence, batch, user } = row
  const id = decisionId({ shard: of.shard, epoch }, sequence)
  const place = { id, epoch, sequence, batch, at: isoTime(row.at_ms) }
  if (!row.mine) {
    const { adds, report } = sharedMoves(row, of.campaign)
    return { ...place, type: OTHER, ...nothing, user: Object.keys(adds).length > 0 ? user : '', adds, report }
  }
  const { type, key, hash, campaign, activity, session, entity, request, adds, puts, dels, report, record } = row
  const about = { type, user, key, hash, campaign, activity, session, entity }
  const removed = dels === null ? {} : { dels: copyOf(dels) }
  return { ...place, ...about, request, adds, puts, ...removed, report, record }
}

function copyOf(dels: NonNullable<JournalRow['dels']>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(dels).map(([key, fields]) => [key, [...fields]]))
}

/** What a user had before, as a line. */
export function balancesOf({ user, units }: AccountBalances): JournalBalances {
  const fields = Object.entries(units).map(([unit, held]) => [userField.balance(unit, ''), held])
  return { user, before: Object.fromEntries(fields) as JournalBalances['before'] }
}

/**
 * What an export lacks because it has left Postgres: the header names it.
 * @param given sha256 of the archives whose decisions are in it nevertheless
 */
export function leftOf(
  stretches: readonly LeftStretch[],
  range: { readonly shard: number; readonly from: JournalPlace; readonly through: JournalPlace },
  given: ReadonlySet<string>
): Pick<JournalHeader, 'left'> {
  const { shard, from: begins, through: ends } = range
  const idOf = ({ epoch, sequence }: JournalPlace) => decisionId({ shard, epoch }, sequence)
  const left = stretches
    .filter((one) => one.sha256 === null || !given.has(one.sha256))
    .filter((one) => !isBefore(one.through, begins) && !isBefore(ends, one.from))
    .map(({ from, through, ...one }) => ({ ...one, from: idOf(from), through: idOf(through) }))
  return left.length === 0 ? {} : { left }
}

/** The row that a line was made of, `other` for one of another campaign: the opposite of `lineOf`. */
export function rowOf(line: JournalLine): JournalRow {
  const { at, id: _id, hash = '', dels = null, ...rest } = line
  return { ...rest, hash, dels, at_ms: Date.parse(at), mine: line.type !== OTHER }
}
