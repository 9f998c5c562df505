import { createHash, randomBytes } from 'node:crypto'
import type { PoolClient } from 'pg'
import { type DrawSeed, insertSeed } from '../../store/campaigns/draws.ts'
import type { Rules } from '../definition/rules.ts'
import { kindOf } from '../kinds/index.ts'

const SEED_BYTES = 32

/** A new secret seed, and the SHA-256 by which everybody can check it once it is shown. */
function newSeed(): DrawSeed {
  const seed = randomBytes(SEED_BYTES)
  return { seed, commitment: createHash('sha256').update(seed).digest('hex') }
}

/** Gives a seed to every activity that is to have one and has none yet. */
export async function giveSeeds(client: PoolClient, rules: Rules): Promise<void> {
  for (const activity of rules.activities) {
    if (!kindOf(activity).hasSeed) continue
    await insertSeed(client, { campaign: rules.id, activity: activity.id }, newSeed())
  }
}
