import type { Logger } from 'pino'
import { foldCheckpoint } from './fold-checkpoint.ts'
import { type ForgetParts, Forgetter } from './forget-replays.ts'

/** How long each of the two may work in each second. */
const BUDGET_MS = 200

/**
 * What the owner of a shard does for its checkpoint each second: it folds, and forgets what is old. One after the other, because both
 * write its rows.
 * @param retentionMs how long the replay of a decision stays
 */
export function checkpointStep(
  parts: Omit<ForgetParts, 'late'> & { readonly logger: Logger },
  retentionMs: number
): () => Promise<void> {
  const forgetter = new Forgetter(parts)
  return async () => {
    await foldCheckpoint(parts, { budgetMs: BUDGET_MS })
    await forgetter.step({ retentionMs, budgetMs: BUDGET_MS })
  }
}
