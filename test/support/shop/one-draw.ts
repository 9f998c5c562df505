import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { placeOf } from '../../../src/export/events.ts'
import { exportJournal } from '../../../src/export/journal.ts'
import type { ParticipateCommand } from '../../../src/gate/batch/commands.ts'
import { drawRandom } from '../../../src/record/draw-random.ts'
import { type ActivitySpec, takePart } from './participation.ts'
import type { Shop } from './shop.ts'

/** A seed that is the same in every run. */
export function fixedSeed(name: string): Buffer {
  return createHash('sha256').update(name).digest()
}

export function commitmentOf(seed: Buffer): string {
  return createHash('sha256').update(seed).digest('hex')
}

/** Makes a draw known to Postgres as a publication does, with its campaign ended so that the seed is revealed. */
export async function storeSeed(pool: Pool, spec: ActivitySpec, seed: Buffer): Promise<void> {
  const { campaign, activity } = spec
  const draw = { id: activity, kind: 'draw', sessions: [{ closesAt: Date.now() + 3_600_000 }] }
  await pool.query(
    `insert into campaigns (campaign_id, author, review, published_version, rules, ended)
     values ($1, 'test', 'published', 1, $2, true)
     on conflict (campaign_id) do update
     set rules = jsonb_set(campaigns.rules, '{activities}', campaigns.rules->'activities' || ($2::jsonb->'activities'))`,
    [campaign, JSON.stringify({ id: campaign, closesAt: Date.now() + 3_600_000, activities: [draw] })]
  )
  await pool.query('insert into draw_seeds (campaign_id, activity_id, seed, commitment) values ($1, $2, $3, $4)', [
    campaign,
    activity,
    seed,
    commitmentOf(seed)
  ])
}

/** One spin, its number made of the seed as a gateway makes it. */
export function spin(
  spec: ActivitySpec,
  user: string,
  more: Partial<ParticipateCommand> & { readonly seed: Buffer; readonly name: string }
): ParticipateCommand {
  const { seed, name, ...rest } = more
  const { campaign, activity: draw } = spec
  return takePart(spec, user, {
    key: `u:${name}`,
    random: drawRandom(seed, { campaign, draw, user, key: name }),
    ...rest
  })
}

/** The journal of a shop as its export has it, header first, one line each. */
export async function exportedLines(
  shop: Pick<Shop, 'core'>,
  more: { campaign?: string; mask?: boolean; from?: string; shard?: number } = {}
): Promise<string[]> {
  const lines: string[] = []
  const { NAMESPACE: namespace } = shop.core.config
  const options = {
    namespace,
    shard: more.shard ?? 0,
    campaign: more.campaign ?? '',
    mask: more.mask ?? false,
    from: more.from === undefined ? undefined : placeOf(more.from, more.shard ?? 0),
    now: Date.now()
  }
  for await (const { text } of exportJournal(shop.core.pool, options)) lines.push(...text.trimEnd().split('\n'))
  return lines
}
