import type { Queryable } from '../connection/transaction.ts'

/** Names the details that one request to claim a win brought. */
interface DetailsRequest {
  readonly win: string
  /** replay field and hash of the command, as the gate gets them */
  readonly key: string
  readonly hash: string
}

/**
 * Keeps what a request to claim a win says about its owner (address, account): personal data, which never enters the
 * journal. Call it before the gate decides, so that no claimed win lacks them; the same request again changes nothing.
 * @returns whether the details are new
 */
export async function saveWinDetails(
  db: Queryable,
  request: DetailsRequest & { readonly details: object }
): Promise<boolean> {
  const { win, key, hash, details } = request
  const { rowCount } = await db.query(
    `insert into win_details (win_id, key, hash, details) values ($1, $2, $3, $4)
     on conflict on constraint win_details_pkey do nothing`,
    [win, key, hash, JSON.stringify(details)]
  )
  return rowCount === 1
}

/** Forgets the details of a request that the gate refused. */
export async function forgetWinDetails(db: Queryable, { win, key, hash }: DetailsRequest): Promise<void> {
  await db.query('delete from win_details where win_id = $1 and key = $2 and hash = $3', [win, key, hash])
}

/** Details that requests under this key brought, with the hashes of these requests. */
export async function detailsUnder(
  db: Queryable,
  win: string,
  key: string
): Promise<Array<{ readonly hash: string; readonly details: Record<string, unknown> }>> {
  const { rows } = await db.query<{ hash: string; details: Record<string, unknown> }>(
    'select hash, details from win_details where win_id = $1 and key = $2 limit 10',
    [win, key]
  )
  return rows
}

/** Whether decisions of a win's campaign have left: the archive has waited until only details of claimed wins were there. */
const hasLeft = `exists (
  select 1 from archive_parts p where p.campaign_id = wins.campaign_id and p.step in ('clearing', 'forgetting', 'done')
)`

/**
 * Details of the request by which a win was claimed: that of the stored decision, or `request` where the caller knows it from
 * the gate.
 * @returns undefined when the win is not claimed, or was claimed without details
 */
export async function readWinDetails(
  db: Queryable,
  win: string,
  request?: Omit<DetailsRequest, 'win'>
): Promise<Record<string, unknown> | undefined> {
  const { rows } = request
    ? await db.query<{ details: Record<string, unknown> }>(
        'select details from win_details where win_id = $1 and key = $2 and hash = $3',
        [win, request.key, request.hash]
      )
    : await db.query<{ details: Record<string, unknown> }>(
        `select w.details from win_details w
         join wins on wins.win_id = w.win_id
         join decisions d on d.shard = wins.shard and d.user_id = wins.user_id and d.key = w.key and d.hash = w.hash and d.type = 'win.claimed'
         where w.win_id = $1
         union all
         select w.details from win_details w join wins on wins.win_id = w.win_id and wins.status = 'claimed'
         where w.win_id = $1 and ${hasLeft}`,
        [win]
      )
  return rows[0]?.details
}

/** How many details or texts one statement looks at. */
const PAGE = 1000

/**
 * Looks at the oldest details that are older than `days` and not known to be used: forgets those of refused requests, and marks the others, which
 * are not looked at again. (`days` must be longer than any decision may wait for the journal.)
 * @returns how many it looked at, 0 once there are none, and how many were forgotten
 */
export async function forgetUnusedDetails(
  db: Queryable,
  days: number
): Promise<{ readonly looked: number; readonly forgotten: number }> {
  const { rows } = await db.query<{ looked: number; forgotten: number }>(
    `with page as materialized (
       select w.win_id, w.key, w.hash, exists (
           select 1 from wins join decisions d on d.shard = wins.shard and d.user_id = wins.user_id
           where wins.win_id = w.win_id and d.key = w.key and d.hash = w.hash and d.type = 'win.claimed')
         or exists (select 1 from wins where wins.win_id = w.win_id and ${hasLeft}) as used
       from win_details w where not kept and saved_at < now() - make_interval(days => $1) order by saved_at limit ${PAGE}
     ), marked as (
       update win_details w set kept = true from page p where p.used and w.win_id = p.win_id and w.key = p.key and w.hash = p.hash
     ), gone as (
       delete from win_details w using page p where not p.used and w.win_id = p.win_id and w.key = p.key and w.hash = p.hash
     )
     select count(*) as looked, count(*) filter (where not used) as forgotten from page`,
    [days]
  )
  return rows[0] ?? { looked: 0, forgotten: 0 }
}

/** Details of requests about wins of a campaign that claimed nothing, and are not forgotten yet. */
export async function countUnusedDetails(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) as count from wins join win_details w using (win_id) where wins.campaign_id = $1 and not exists (
       select 1 from decisions d where d.shard = wins.shard and d.user_id = wins.user_id
         and d.key = w.key and d.hash = w.hash and d.type = 'win.claimed')`,
    [campaign]
  )
  return rows[0]?.count ?? 0
}
