import type { Pool } from 'pg'
import { isoTime } from '../../base/iso-time.ts'
import { CampaignError } from '../../campaign/carrying/campaign-error.ts'
import { type Actor, lockExisting, notFound, published } from '../../campaign/carrying/context.ts'
import type { Rules } from '../../campaign/definition/rules.ts'
import { replayField } from '../../record/replay.ts'
import { isArchived } from '../../store/campaigns/archives.ts'
import { type CampaignRow, findCampaign } from '../../store/campaigns/campaigns.ts'
import { findReport, listReports, type ReportVersion, storeReport } from '../../store/campaigns/reports.ts'
import { inTransaction, type Queryable } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { type CountedTo, countFigures } from '../../store/reading/report-figures.ts'
import { type Baseline, readBaseline } from './baseline.ts'
import { type Figure, figuresOf } from './derive.ts'

/** A figure with what it is compared with, each null where there is nothing. */
export interface ReportFigure extends Figure {
  /** what it was meant to be */
  readonly target: number | null
  /** what it was before the campaign */
  readonly before: number | null
  /** what it was in the other campaign */
  readonly other: number | null
}

/** What a later version counts otherwise than the one before. */
interface Difference extends Pick<Figure, 'id' | 'of' | 'unit'> {
  readonly was: number | null
  readonly is: number | null
}

/** The report of a campaign. */
export interface CampaignReport {
  readonly campaign: string
  readonly title: Rules['title']
  readonly timezone: string
  readonly opensAt: string
  readonly closesAt: string
  /** null for one that was not stored */
  readonly version: number | null
  /** a final report never changes; a later one has a version of its own */
  readonly final: boolean
  readonly madeAt: string
  /** up to which decision of each shard the exact figures count */
  readonly countedTo: readonly CountedTo[]
  readonly users: number | null
  readonly figures: readonly ReportFigure[]
  /** what changed since the version before; null for a first one */
  readonly since: { readonly version: number; readonly differences: readonly Difference[] } | null
  readonly comparedWith: { readonly campaign: string; readonly version: number | null } | null
}

const keyOf = ({ id, of, unit }: Pick<Figure, 'id' | 'of' | 'unit'>): string => `${id} ${of ?? ''} ${unit ?? ''}`

const ofWhole = (values: Readonly<Record<string, number>> | undefined, { id, of }: Figure): number | null =>
  of === null ? (values?.[id] ?? null) : null

function withBaseline(figures: readonly Figure[], { targets, before }: Baseline): ReportFigure[] {
  return figures.map((figure) => ({
    ...figure,
    target: ofWhole(targets, figure),
    before: ofWhole(before, figure),
    other: null
  }))
}

/** Counts a campaign as it stands. @throws CampaignError CONFLICT before its first publication, and once it is archived */
async function count(pool: Pool, row: CampaignRow, now: number): Promise<CampaignReport> {
  const { id, title, timezone, opensAt, closesAt } = published(row)
  if (row.archived) {
    const detail = `${id} is archived: its decisions are in its file. A report that was stored before is asked for by its version.`
    throw new CampaignError('CONFLICT', detail)
  }
  const baseline = await readBaseline(pool, id)
  const { figures, countedTo } = await countFigures(pool, { id, timezone, opensAt, keys: replayField.client('%') })
  // after it was counted: an archive that is asked for later removed nothing of that
  if (await isArchived(pool, id)) {
    const detail = `${id} is being archived: its decisions are going to its file. Its final report was stored before.`
    throw new CampaignError('CONFLICT', detail)
  }
  return {
    campaign: id,
    title,
    timezone,
    opensAt: isoTime(opensAt),
    closesAt: isoTime(closesAt),
    version: null,
    final: false,
    madeAt: isoTime(now),
    countedTo,
    users: baseline.users ?? null,
    figures: withBaseline(figuresOf(figures, baseline.users), baseline),
    since: null,
    comparedWith: null
  }
}

const asReport = (stored: ReportVersion & { readonly body: unknown }): CampaignReport => ({
  ...(stored.body as CampaignReport),
  version: stored.version,
  final: stored.final
})

async function existing(db: Queryable, id: string): Promise<CampaignRow> {
  const row = await findCampaign(db, id)
  if (row === undefined || row.version === 0) throw notFound(id)
  return row
}

/** A stored version, or the campaign as it stands; of an archived one its newest final report. */
async function reportOf(pool: Pool, id: string, asked: { version?: number | undefined; now: number }) {
  const row = await existing(pool, id)
  if (asked.version === undefined && !row.archived) return count(pool, row, asked.now)
  const stored = await findReport(pool, id, asked.version)
  if (stored !== undefined) return asReport(stored)
  if (asked.version === undefined) return count(pool, row, asked.now)
  throw new CampaignError('NOT_FOUND', `The report of ${id} has no version ${asked.version}.`)
}

/**
 * The report of a campaign, compared with another campaign's where one is named.
 * @throws CampaignError NOT_FOUND for no such campaign or version; CONFLICT before the first publication
 */
export async function readReport(
  pool: Pool,
  id: string,
  asked: { readonly version?: number | undefined; readonly compareWith?: string | undefined; readonly now: number }
): Promise<CampaignReport> {
  const report = await reportOf(pool, id, asked)
  if (asked.compareWith === undefined) return report
  const other = await reportOf(pool, asked.compareWith, { now: asked.now })
  const values = new Map(other.figures.map((figure) => [keyOf(figure), figure.value]))
  return {
    ...report,
    figures: report.figures.map((figure) => ({ ...figure, other: values.get(keyOf(figure)) ?? null })),
    comparedWith: { campaign: other.campaign, version: other.version }
  }
}

/** What differs between two reports, in the order of the later one; what it lacks comes last. */
function differences(before: CampaignReport, after: CampaignReport): Difference[] {
  const was = new Map(before.figures.map((figure) => [keyOf(figure), figure]))
  const is = new Map(after.figures.map((figure) => [keyOf(figure), figure]))
  return [...new Map([...is, ...was]).keys()].flatMap((key) => {
    const [old, now] = [was.get(key), is.get(key)]
    const named = now ?? old
    if (named === undefined || old?.value === now?.value) return []
    const { id, of, unit } = named
    return [{ id, of, unit, was: old?.value ?? null, is: now?.value ?? null }]
  })
}

/**
 * Stores the report of a settled campaign as its next final version, which never changes.
 * @throws CampaignError NOT_FOUND; CONFLICT before the campaign is settled, or once it is archived
 */
export async function storeFinal(
  pool: Pool,
  id: string,
  actor: Actor & { readonly now: number }
): Promise<CampaignReport> {
  const { operator, reason, now } = actor
  const row = await existing(pool, id)
  if (!row.settled) {
    const detail = `${id} is not settled yet, so its figures may change. Settle it first; until then its report is preliminary.`
    throw new CampaignError('CONFLICT', detail)
  }
  // before the lock, because Postgres ends a transaction that waits for long
  const report = await count(pool, row, now)
  return inTransaction(pool, async (client) => {
    await lockExisting(client, id)
    const last = (await listReports(client, id)).at(-1)
    const before = last && (await findReport(client, id, last.version))
    const since = before ? { version: before.version, differences: differences(asReport(before), report) } : null
    const body = { ...report, final: true, since }
    const stored = await storeReport(client, { campaign: id, final: true, body, reason, operator })
    const entry = { operator, action: 'report.final', target: `campaign:${id}`, reason }
    await recordAudit(client, { ...entry, after: { version: stored.version } })
    return { ...body, version: stored.version }
  })
}
