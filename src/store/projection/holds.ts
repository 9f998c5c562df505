import type { Client, Pool, PoolClient } from 'pg'

type Queryable = Pick<Pool | PoolClient | Client, 'query'>

interface Hold {
  readonly shard: number
  readonly campaign: string
  /** `violation`: of a check in Postgres; `difference`: found by a comparison before the campaign opened */
  readonly kind: 'violation' | 'difference'
  readonly what: string
  readonly stream?: string
  readonly sequence?: number
}

interface HoldRow extends Hold {
  readonly id: number
}

/** Notes why a campaign is to be paused; a second hold for the same reason is not noted. */
export async function noteHold(db: Queryable, hold: Hold): Promise<void> {
  const { shard, campaign, kind, what, stream = '', sequence = 0 } = hold
  await db.query(
    `insert into campaign_holds (shard, campaign_id, kind, what, stream, sequence) select $1, $2, $3, $4, $5, $6
     where not exists (select 1 from campaign_holds
       where shard = $1 and campaign_id = $2 and kind = $3 and lifted_at is null and (kind = 'difference' or paused_at is null))`,
    [shard, campaign, kind, what, stream, sequence]
  )
}

const columns = `hold_id::float8 as id, shard, campaign_id as campaign, kind, what, stream, sequence`

/** Holds whose campaigns are not paused yet. */
export async function holdsToPause(db: Queryable, shard: number): Promise<HoldRow[]> {
  const { rows } = await db.query<HoldRow>(
    `select ${columns} from campaign_holds where shard = $1 and paused_at is null order by hold_id`,
    [shard]
  )
  return rows
}

/** Differences that hold a campaign and have not been found gone. */
export async function heldDifferences(db: Queryable, shard: number): Promise<HoldRow[]> {
  const { rows } = await db.query<HoldRow>(
    `select ${columns} from campaign_holds
     where shard = $1 and kind = 'difference' and paused_at is not null and lifted_at is null order by hold_id`,
    [shard]
  )
  return rows
}

/** Holds of a campaign that are not paused yet, and differences that are not gone. */
export async function openHolds(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) as count from campaign_holds
     where campaign_id = $1 and (paused_at is null or (kind = 'difference' and lifted_at is null))`,
    [campaign]
  )
  return rows[0]?.count ?? 0
}

export async function notePaused(db: Queryable, id: number): Promise<void> {
  await db.query('update campaign_holds set paused_at = now() where hold_id = $1', [id])
}

export async function noteLifted(db: Queryable, id: number): Promise<void> {
  await db.query('update campaign_holds set lifted_at = now() where hold_id = $1', [id])
}

/** Published campaigns that open later and are neither paused nor ended. */
export async function shutCampaigns(db: Queryable): Promise<Array<{ campaign: string; inSeconds: number }>> {
  const { rows } = await db.query<{ campaign: string; inSeconds: number }>(
    `select campaign_id as campaign, ((rules ->> 'opensAt')::float8 / 1000 - extract(epoch from now()))::float8 as "inSeconds"
     from campaigns
     where published_version is not null and not archived and not paused and not ended and (rules ->> 'opensAt')::float8 > extract(epoch from now()) * 1000`
  )
  return rows
}
