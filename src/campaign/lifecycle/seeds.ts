import { createHash, randomBytes } from 'node:crypto'
import type { PoolClient } from 'pg'
import { type DrawSeed, insertSeed } from '../../store/campaigns/draws.ts'
import type { Rules } from '../definition/rules.ts'
import { kindOf } from '../kinds/index.ts'

const SEED_BYTES = 32

/** A new secret seed, and its SHA-256, with which everybody can check the seed once it is public. */
function newSeed(): DrawSeed {
  const seed = randomBytes(SEED_BYTES)
  return { seed, commitment: createHash('sha256').update(seed).digest('hex') }
}

/** Writes a seed for every activity whose kind has one and that has none yet. */
export async function giveSeeds(client: PoolClient, rules: Rules): Promise<void> {
  for (const activity of rules.activities) {
    if (!kindOf(activity).hasSeed) continue
    await insertSeed(client, { campaign: rules.id, activity: activity.id }, newSeed())
  }
}
