import type { Client, Pool } from 'pg'

/** A campaign; with an activity and a session (or prize) the stock of these. */
export interface OpenedPlace {
  /** names this place in the answer */
  readonly place: string
  readonly campaign: string
  readonly activity?: string
  readonly session?: string
}

/** The places that operators' decisions (those of `user`) have opened, as far as the projection has come. */
export async function openedPlaces(
  db: Pick<Client | Pool, 'query'>,
  { shard, user, places }: { readonly shard: number; readonly user: string; readonly places: readonly OpenedPlace[] }
): Promise<string[]> {
  const { rows } = await db.query<{ place: string }>(
    `select place from json_to_recordset($3::json) as p(place text, campaign text, activity text, session text)
     where case when activity is null
       then exists (select 1 from decisions d
         where d.user_id = $2 and d.shard = $1 and d.campaign_id = p.campaign)
       else exists (select 1 from stock s
         where s.shard = $1 and s.campaign_id = p.campaign and s.activity_id = p.activity and s.session_id = p.session)
       end`,
    [shard, user, JSON.stringify(places)]
  )
  return rows.map(({ place }) => place)
}
