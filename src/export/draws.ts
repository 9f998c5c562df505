import type { Rules } from '../campaign/definition/rules.ts'
import { kindOf } from '../campaign/kinds/index.ts'
import { type CampaignRow, everPublished } from '../store/campaigns/campaigns.ts'
import { readSeeds } from '../store/campaigns/draws.ts'
import { campaignsWithOpenIntents } from '../store/campaigns/intents.ts'
import type { Queryable } from '../store/connection/transaction.ts'
import type { JournalHeader } from '../verify/journal-line.ts'

/** Gateways, Redis and this process do not share a clock: so long after its closing time a draw counts as over. */
const REVEAL_AFTER_MS = 2000

/**
 * The draws of campaigns that were published with their commitments, and the seeds of those that are over. Whoever knows a seed can
 * choose what they win, so while any change of a campaign is not carried out yet, an end among them is none.
 * @param campaign '' for all
 * @param now ms since 1970
 */
export async function exportedDraws(db: Queryable, campaign: string, now: number): Promise<JournalHeader['draws']> {
  const rows = (await everPublished(db)).filter(({ id }) => campaign === '' || id === campaign)
  const changing = new Set(await campaignsWithOpenIntents(db))
  const seeds = await readSeeds(
    db,
    rows.map(({ id }) => id)
  )
  return rows.flatMap((row) =>
    drawsOf(row).flatMap(({ id: draw, closesAt }) => {
      const entry = seeds.get(row.id)?.get(draw)
      if (entry === undefined) return []
      const over = !changing.has(row.id) && (row.ended || now >= closesAt + REVEAL_AFTER_MS)
      const { commitment, seed } = entry
      return [{ campaign: row.id, draw, commitment, ...(over && { seed: seed.toString('hex') }) }]
    })
  )
}

function drawsOf(row: CampaignRow): Array<{ id: string; closesAt: number }> {
  const rules = row.rules as Rules
  return rules.activities
    .filter((activity) => kindOf(activity).hasSeed)
    .map(({ id, sessions }) => ({ id, closesAt: Math.min(rules.closesAt, ...sessions.map((one) => one.closesAt)) }))
}
