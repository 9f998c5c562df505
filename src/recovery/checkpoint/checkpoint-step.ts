import type { Logger } from 'pino'
import { ARCHIVING } from '../../record/replay.ts'
import { countByCampaign } from '../../store/projection/campaign-places.ts'
import { foldCheckpoint } from './fold-checkpoint.ts'
import { type ForgetParts, Forgetter } from './forget-replays.ts'

/** How long folding and forgetting may each work in each second. */
const BUDGET_MS = 200

/**
 * What the owner of a shard does for its checkpoint each second: it folds, counts what it has folded by campaign, and forgets what is
 * old. One after the other, because they write the same rows.
 * @param retentionMs how long the replay of a decision stays
 * @returns a function that does so once, and gives how many decisions it worked on
 */
export function checkpointStep(
  parts: Omit<ForgetParts, 'late'> & { readonly logger: Logger },
  retentionMs: number
): () => Promise<number> {
  const forgetter = new Forgetter(parts)
  return async () => {
    const folded = await foldCheckpoint(parts, { budgetMs: BUDGET_MS })
    const counted = await countByCampaign(parts.pool, parts.shard, ARCHIVING)
    return folded + counted + (await forgetter.step({ retentionMs, budgetMs: BUDGET_MS }))
  }
}
