import type { Queryable } from '../connection/transaction.ts'

/** The secret seed of a draw, and its SHA-256 as 64 hex digits, which is public from the publication on. */
export interface DrawSeed {
  readonly seed: Buffer
  readonly commitment: string
}

/** Stores the seed of a draw; a draw that has a seed keeps it. */
export async function insertSeed(
  client: Queryable,
  draw: { readonly campaign: string; readonly activity: string },
  { seed, commitment }: DrawSeed
): Promise<void> {
  await client.query(
    `insert into draw_seeds (campaign_id, activity_id, seed, commitment) values ($1, $2, $3, $4)
     on conflict (campaign_id, activity_id) do nothing`,
    [draw.campaign, draw.activity, seed, commitment]
  )
}

/** The seeds of all draws of these campaigns, by campaign and draw. */
export async function readSeeds(
  pool: Queryable,
  campaigns: readonly string[]
): Promise<Map<string, Map<string, DrawSeed>>> {
  const found = new Map<string, Map<string, DrawSeed>>(campaigns.map((id) => [id, new Map()]))
  if (campaigns.length === 0) return found
  const { rows } = await pool.query<DrawSeed & { campaign: string; activity: string }>(
    `select campaign_id as campaign, activity_id as activity, seed, commitment from draw_seeds
     where campaign_id = any ($1)`,
    [campaigns]
  )
  for (const { campaign, activity, seed, commitment } of rows) {
    found.get(campaign)?.set(activity, { seed, commitment })
  }
  return found
}
