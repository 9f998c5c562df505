import type { Queryable } from '../connection/transaction.ts'

/** How far the newest version has come on its way to publication. */
type Review = 'draft' | 'submitted' | 'approved' | 'publishing' | 'published'

/** What operators tell the visitors of a campaign: plain text, in one language or in both. */
export interface Notice {
  readonly en?: string
  readonly 'zh-CN'?: string
}

/** A row of `campaigns`. `rules` and `publishing` are what src/campaign wrote. */
export interface CampaignRow {
  readonly id: string
  readonly version: number
  readonly review: Review
  readonly author: string
  readonly submittedBy: string | null
  readonly approvedBy: string | null
  readonly approvedVersion: number | null
  readonly publishedVersion: number | null
  readonly publishedAt: Date | null
  readonly publishing: unknown
  readonly rules: unknown
  readonly paused: boolean
  /** whether it was paused because everything was */
  readonly pausedWithAll: boolean
  readonly ended: boolean
  readonly settled: boolean
  readonly archived: boolean
  readonly notice: Notice | null
  readonly revision: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export interface VersionRow {
  readonly version: number
  readonly author: string
  readonly savedAt: Date
  readonly definition: unknown
}

const columns = `campaign_id as id, version, review, author, submitted_by as "submittedBy", approved_by as "approvedBy",
  approved_version as "approvedVersion", published_version as "publishedVersion", published_at as "publishedAt", publishing, rules, paused,
  paused_with_all as "pausedWithAll", ended, settled, archived, notice,
  revision::float8 as revision, created_at as "createdAt", updated_at as "updatedAt"`

/** Makes a row for a campaign that has none, so that it can be locked. */
export async function ensureCampaign(client: Queryable, id: string, author: string): Promise<void> {
  await client.query(
    'insert into campaigns (campaign_id, author) values ($1, $2) on conflict (campaign_id) do nothing',
    [id, author]
  )
}

/** Locks the campaign until the end of the transaction, so that changes of one campaign happen one after the other. */
export async function lockCampaign(client: Queryable, id: string): Promise<CampaignRow | undefined> {
  const { rows } = await client.query<CampaignRow>(
    `select ${columns} from campaigns where campaign_id = $1 for no key update`,
    [id]
  )
  return rows[0]
}

export async function findCampaign(pool: Queryable, id: string): Promise<CampaignRow | undefined> {
  const { rows } = await pool.query<CampaignRow>(`select ${columns} from campaigns where campaign_id = $1`, [id])
  return rows[0]
}

/** Campaigns with at least one version, newest change first, older than the revision `before`. */
export async function listCampaigns(
  pool: Queryable,
  page: { limit: number; before?: number | undefined }
): Promise<CampaignRow[]> {
  const { rows } = await pool.query<CampaignRow>(
    `select ${columns} from campaigns where version > 0 and revision < $1 order by revision desc limit $2`,
    [page.before ?? Number.MAX_SAFE_INTEGER, page.limit]
  )
  return rows
}

/** Campaigns that the public may see: what is archived is only in its file. */
export async function publishedCampaigns(pool: Queryable): Promise<CampaignRow[]> {
  const { rows } = await pool.query<CampaignRow>(
    `select ${columns} from campaigns where published_version is not null and not archived order by campaign_id`
  )
  return rows
}

/** Campaigns that were ever published, of which some may be archived. */
export async function everPublished(db: Queryable): Promise<CampaignRow[]> {
  const { rows } = await db.query<CampaignRow>(
    `select ${columns} from campaigns where published_version is not null order by campaign_id`
  )
  return rows
}

/** The number that each change of any campaign raises. */
export async function currentRevision(pool: Queryable): Promise<number> {
  const { rows } = await pool.query<{ value: number }>('select value::float8 as value from campaign_revision')
  return rows[0]?.value ?? 0
}

/** Campaigns whose publication stopped between preload and opening. */
export async function unfinishedPublications(pool: Queryable): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select campaign_id as id from campaigns where review = 'publishing' order by campaign_id`
  )
  return rows.map((row) => row.id)
}

/** The columns that a change writes; those left out keep their values. */
export interface CampaignChange {
  readonly version?: number
  readonly review?: Review
  readonly author?: string
  readonly submittedBy?: string | null
  readonly approvedBy?: string | null
  readonly approvedVersion?: number | null
  readonly publishedVersion?: number
  readonly publishedAt?: Date
  readonly publishing?: object | null
  readonly rules?: object
  readonly paused?: boolean
  readonly pausedWithAll?: boolean
  readonly ended?: boolean
  readonly settled?: boolean
  readonly archived?: boolean
  readonly notice?: Notice | null
}

const columnOf: Record<keyof CampaignChange, string> = {
  version: 'version',
  review: 'review',
  author: 'author',
  submittedBy: 'submitted_by',
  approvedBy: 'approved_by',
  approvedVersion: 'approved_version',
  publishedVersion: 'published_version',
  publishedAt: 'published_at',
  publishing: 'publishing',
  rules: 'rules',
  paused: 'paused',
  pausedWithAll: 'paused_with_all',
  ended: 'ended',
  settled: 'settled',
  archived: 'archived',
  notice: 'notice'
}

/** Changes a locked campaign and gives it the next revision. */
export async function changeCampaign(client: Queryable, id: string, change: CampaignChange): Promise<CampaignRow> {
  const names = Object.keys(change) as Array<keyof CampaignChange>
  const values = names.map((name) => {
    const value = change[name]
    return typeof value === 'object' && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value
  })
  const sets = names.map((name, index) => `${columnOf[name]} = $${index + 2}, `).join('')
  const { rows } = await client.query<CampaignRow>(
    `with counted as (update campaign_revision set value = value + 1 returning value)
     update campaigns set ${sets} revision = counted.value, updated_at = now()
     from counted where campaign_id = $1 returning ${columns}`,
    [id, ...values]
  )
  const row = rows[0]
  if (!row) throw new Error(`Campaign ${id} is gone`)
  return row
}

export async function insertVersion(
  client: Queryable,
  version: { campaign: string; version: number; definition: object; author: string }
): Promise<void> {
  await client.query(
    'insert into campaign_versions (campaign_id, version, definition, author) values ($1, $2, $3, $4)',
    [version.campaign, version.version, JSON.stringify(version.definition), version.author]
  )
}

/** Authors of the versions after `version`, the newest first. */
export async function authorsSince(
  db: Queryable,
  id: string,
  version: number
): Promise<ReadonlyArray<{ readonly author: string; readonly version: number }>> {
  const { rows } = await db.query<{ author: string; version: number }>(
    'select author, version from campaign_versions where campaign_id = $1 and version > $2 order by version desc',
    [id, version]
  )
  return rows
}

/** One version of a campaign. */
export async function findVersion(pool: Queryable, id: string, version: number): Promise<VersionRow | undefined> {
  const { rows } = await pool.query<VersionRow>(
    `select version, author, saved_at as "savedAt", definition from campaign_versions
     where campaign_id = $1 and version = $2`,
    [id, version]
  )
  return rows[0]
}

/** Versions, newest first, below `before`. */
export async function listVersions(
  pool: Queryable,
  id: string,
  page: { limit: number; before?: number | undefined }
): Promise<VersionRow[]> {
  const { rows } = await pool.query<VersionRow>(
    `select version, author, saved_at as "savedAt", definition from campaign_versions
     where campaign_id = $1 and version < $2 order by version desc limit $3`,
    [id, page.before ?? 2_147_483_647, page.limit]
  )
  return rows
}
