import { isDeepStrictEqual } from 'node:util'
import type { Pool } from 'pg'
import { ID_PATTERN } from '../../base/shapes.ts'
import { type CalendarRow, findCalendar, lockCalendar, writeCalendar } from '../../store/campaigns/calendars.ts'
import { findCampaign, findVersion } from '../../store/campaigns/campaigns.ts'
import { inTransaction, type Queryable } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { type Actor, etagOf, invalid, requireMatch, rulesInForce } from '../carrying/context.ts'
import { checkBody } from '../change/patch.ts'
import { checkDefinition } from '../definition/check.ts'
import { CalendarLists, calendarOf, checkCalendar } from '../parts/calendar.ts'
import type { DefinitionError } from '../parts/explain.ts'

/** A calendar after a change. */
interface SavedCalendar {
  readonly calendar: CalendarRow
  readonly created: boolean
}

/** @throws CampaignError NOT_FOUND */
export async function getCalendar(db: Queryable, id: string): Promise<CalendarRow> {
  const row = await findCalendar(db, id)
  if (!row) throw new CampaignError('NOT_FOUND', `There is no calendar ${id}.`)
  return row
}

export const calendarEtag = ({ version }: CalendarRow) => etagOf({ version, revision: 0 })

/**
 * Saves a calendar of the deployment; the same lists again change nothing. Campaigns that were published keep their copy.
 * @param input a body of any shape
 * @throws CampaignError VALIDATION with all errors, VERSION_MISMATCH
 */
export async function saveCalendar(
  pool: Pool,
  { id, input }: { readonly id: string; readonly input: unknown },
  actor: Actor
): Promise<SavedCalendar> {
  const checked = checkBody(CalendarLists, input)
  if (!checked.ok) throw invalid(checked.errors)
  const errors: DefinitionError[] = []
  checkCalendar(checked.body, '', (pointer, detail) => errors.push({ pointer, detail }))
  if (errors.length > 0) throw invalid(errors)
  const lists = calendarOf(checked.body)
  return inTransaction(pool, async (client) => {
    const row = await lockCalendar(client, id)
    requireMatch(actor, `The calendar ${id}`, { etag: calendarEtag(row), version: row.version })
    const before = { holidays: row.holidays, workdays: row.workdays }
    if (row.version > 0 && isDeepStrictEqual(before, lists)) return { calendar: row, created: false }
    const calendar = await writeCalendar(client, { id, ...lists })
    const { operator, reason } = actor
    const target = `calendar:${id}`
    const known = row.version === 0 ? undefined : before
    await recordAudit(client, { operator, action: 'calendar.saved', target, reason, before: known, after: lists })
    return { calendar, created: row.version === 0 }
  })
}

const named = new RegExp(ID_PATTERN)

/** The id of the deployment's calendar that a definition of any shape names. */
function calendarNamed(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('calendar' in input)) return undefined
  const { calendar } = input
  return typeof calendar === 'string' && named.test(calendar) ? calendar : undefined
}

/**
 * The definition with the lists of the calendar that it names, for the check and for the rules. A campaign whose published
 * version names the same one keeps the lists in force, whatever became of the calendar since: what exists must not move.
 * @param definition.input of any shape; never changed
 * @throws CampaignError VALIDATION where there is no such calendar, with all other errors of the definition
 */
export async function withCalendar(
  db: Queryable,
  { id, input }: { readonly id: string; readonly input: unknown }
): Promise<unknown> {
  const name = calendarNamed(input)
  if (name === undefined) return input
  const lists = (await listsInForce(db, id, name)) ?? (await findCalendar(db, name))
  if (lists) return { ...(input as object), calendar: { holidays: lists.holidays, workdays: lists.workdays } }
  const others = checkDefinition(input)
  const detail = `there is no calendar ${JSON.stringify(name)}: save it first, or list the days here`
  throw invalid([{ pointer: '/calendar', detail }, ...(others.ok ? [] : others.errors)])
}

async function listsInForce(db: Queryable, id: string, name: string) {
  const row = await findCampaign(db, id)
  if (!row || row.publishedVersion === null) return undefined
  const published = await findVersion(db, id, row.publishedVersion)
  return calendarNamed(published?.definition) === name ? rulesInForce(row)?.calendar : undefined
}
