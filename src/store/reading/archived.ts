import type { Queryable } from '../connection/transaction.ts'
import type { JournalPlace } from './journal-export.ts'

/** A stretch of a shard's journal out of which rows have left `decisions`, or are leaving. */
export interface LeftStretch {
  readonly campaign: string
  /** of the file that holds them; null for the decisions that took the campaign out, which nothing keeps */
  readonly sha256: string | null
  readonly from: JournalPlace
  readonly through: JournalPlace
  /** how many they are */
  readonly decisions: number
}

interface RawStretch {
  readonly campaign: string
  readonly sha256: string
  readonly step: string
  readonly first_epoch: number
  readonly first_sequence: number
  readonly last_epoch: number
  readonly last_sequence: number
  readonly decisions: number
  readonly next: number
  readonly chain_epoch: number
  readonly chain_sequence: number
}

/** What has left the journal of a shard, in the order of its beginnings. */
export async function leftStretches(db: Queryable, shard: number): Promise<LeftStretch[]> {
  const { rows } = await db.query<RawStretch>(
    `select p.campaign_id as campaign, a.sha256, p.step, c.first_epoch, c.first_sequence, p.last_epoch, p.last_sequence, c.decisions,
       p.next, p.chain_epoch, p.chain_sequence
     from archive_parts p join archives a using (campaign_id) join campaign_places c using (shard, campaign_id)
     where p.shard = $1 and p.step in ('clearing', 'forgetting', 'done')
     order by c.first_epoch, c.first_sequence`,
    [shard]
  )
  return rows.flatMap((row) => {
    const { campaign, sha256, decisions, step, next } = row
    const first = { epoch: row.first_epoch, sequence: row.first_sequence }
    const last = { epoch: row.last_epoch, sequence: row.last_sequence }
    const filed = { campaign, sha256, from: first, through: last, decisions }
    if (step === 'clearing' || next === 0) return [filed]
    const chain = { epoch: row.chain_epoch, sequence: row.chain_sequence }
    return [filed, { campaign, sha256: null, from: last, through: chain, decisions: next }]
  })
}

/** An archive of a campaign, as whoever misses its decisions has to know it. */
export interface ArchivedCampaign {
  readonly campaign: string
  readonly sha256: string
  readonly at: Date
}

/** The archived campaigns in which a user has balances, orders or wins, or all of one; the newest first, at most so many. */
export async function archivedCampaigns(db: Queryable, campaign?: string): Promise<ArchivedCampaign[]> {
  const { rows } = await db.query<ArchivedCampaign>(
    `select a.campaign_id as campaign, a.sha256, coalesce(a.done_at, a.compared_at, a.requested_at) as at from archives a
     where exists (select from archive_parts p where p.campaign_id = a.campaign_id and p.step in ('clearing', 'forgetting', 'done'))
       and ($1::text is null or a.campaign_id = $1)
     order by 3 desc, 1 limit 1000`,
    [campaign ?? null]
  )
  return rows
}
