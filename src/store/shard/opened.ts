import type { Client, Pool } from 'pg'
import { writeRows } from '../connection/copy.ts'

/** A campaign; with an activity and a session (or prize) the stock of these. */
export interface OpenedPlace {
  /** names this place in the answer */
  readonly place: string
  readonly campaign: string
  readonly activity?: string
  readonly session?: string
}

/** The places that operators' decisions have opened, as far as the projection has come. */
export async function openedPlaces(
  db: Pick<Client | Pool, 'query'>,
  shard: number,
  places: readonly OpenedPlace[]
): Promise<string[]> {
  const { rows } = await db.query<{ place: string }>(
    `select place from json_to_recordset($2::json) as p(place text, campaign text, activity text, session text)
     where exists (select 1 from opened_places o where o.shard = $1 and o.campaign_id = p.campaign
       and o.activity_id = coalesce(p.activity, '') and o.session_id = coalesce(p.session, ''))`,
    [shard, JSON.stringify(places)]
  )
  return rows.map(({ place }) => place)
}

const insertOpened = `
  insert into opened_places (shard, campaign_id, activity_id, session_id)
  select $1, campaign, coalesce(activity, ''), coalesce(session, '')
  from json_to_recordset($2::json) as p(campaign text, activity text, session text)
  on conflict on constraint opened_places_pkey do nothing`

/** Notes what decisions open, in the transaction that stores them. */
export async function storeOpened(session: Client, shard: number, places: readonly OpenedPlace[]): Promise<void> {
  await writeRows(session, shard, { text: insertOpened, rows: places })
}

/**
 * Notes what was opened while an earlier version, which notes nothing, owned the shard. To be called by a new owner, before anything
 * asks. @param user whose decisions open
 */
export async function completeOpened(session: Pick<Client, 'query'>, shard: number, user: string): Promise<void> {
  await session.query(
    `insert into opened_places (shard, campaign_id, activity_id, session_id)
     select distinct shard, campaign_id, '', '' from decisions where user_id = $2 and shard = $1
     union select shard, campaign_id, activity_id, session_id from stock where shard = $1
     on conflict on constraint opened_places_pkey do nothing`,
    [shard, user]
  )
}
