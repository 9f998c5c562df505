import type { Client } from 'pg'
import { writeRows } from '../connection/copy.ts'
import type { Queryable } from '../connection/transaction.ts'
import { inside, issuedUser } from '../connection/user-name.ts'

/** A spin that was drawn, and has no prize yet. */
export interface DrawnSpinRow {
  readonly epoch: number
  readonly sequence: number
  readonly campaign_id: string
  readonly activity_id: string
  readonly user_id: string
  /** UTC */
  readonly drawn_at: string
}

/** Spins that are drawn, and which of them, or of earlier ones, are ended. */
export interface SpinRows {
  readonly drawn: readonly DrawnSpinRow[]
  readonly ended: ReadonlyArray<Pick<DrawnSpinRow, 'epoch' | 'sequence'>>
}

interface Place {
  readonly epoch: number
  readonly sequence: number
}

/** A spin that was drawn and not ended. */
export interface DrawnSpin extends Place {
  /** `<shard>-<epoch>-<sequence>` */
  readonly id: string
  readonly campaign: string
  readonly activity: string
  readonly user: string
}

const add = `
  insert into drawn_spins (shard, epoch, sequence, campaign_id, activity_id, user_id, drawn_at)
  select $1, epoch, sequence, campaign_id, activity_id, user_id, drawn_at
  from json_to_recordset($2::json) as d(epoch bigint, sequence bigint, campaign_id text, activity_id text, user_id text,
    drawn_at timestamptz)`

const close = `
  delete from drawn_spins s using json_to_recordset($2::json) as e(epoch bigint, sequence bigint)
  where s.shard = $1 and s.epoch = e.epoch and s.sequence = e.sequence`

/** Notes spins that were drawn and removes those that ended; where there are none it sends no statement. */
export async function storeDrawnSpins(session: Client, shard: number, spins: SpinRows): Promise<void> {
  const drawn = spins.drawn.map((row) => ({ ...row, user_id: issuedUser(row.user_id) }))
  await writeRows(session, shard, { text: add, rows: drawn })
  // after: one transaction may hold a spin and its end
  await writeRows(session, shard, { text: close, rows: spins.ended })
}

/** Spins of a shard that are due, oldest first. */
export async function dueSpins(
  db: Queryable,
  { shard, most, after }: { readonly shard: number; readonly most: number; readonly after: Place | undefined }
): Promise<DrawnSpin[]> {
  const { rows } = await db.query<DrawnSpin>({
    name: 'due-spins',
    text: `select shard || '-' || epoch || '-' || sequence as id, epoch, sequence, campaign_id as campaign, activity_id as activity,
             user_id as "user"
           from drawn_spins where shard = $1 and (epoch, sequence) > ($2::bigint, $3::bigint)
           order by epoch, sequence limit $4`,
    values: [shard, after?.epoch ?? 0, after?.sequence ?? 0, most]
  })
  return rows.map(inside)
}

/** How many spins of a campaign have no prize yet. */
export async function openSpins(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ open: number }>(
    'select count(*)::integer as open from drawn_spins where campaign_id = $1',
    [campaign]
  )
  return rows[0]?.open ?? 0
}

/** Whether a user has a spin whose prize is not known yet. */
export async function hasDrawnSpin(db: Queryable, campaign: string, user: string): Promise<boolean> {
  const { rows } = await db.query('select 1 from drawn_spins where campaign_id = $1 and user_id = $2 limit 1', [
    campaign,
    issuedUser(user)
  ])
  return rows.length > 0
}
