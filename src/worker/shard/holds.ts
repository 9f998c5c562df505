import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { CampaignError } from '../../campaign/carrying/campaign-error.ts'
import type { Campaigns } from '../../campaign/lifecycle/lifecycle.ts'
import { campaignOfKey } from '../../record/keys.ts'
import type { Difference } from '../../recovery/compare/compare.ts'
import {
  heldDifferences,
  holdsToPause,
  noteHold,
  noteLifted,
  notePaused,
  shutCampaigns
} from '../../store/projection/holds.ts'

/** Pauses and resumes campaigns like an operator, audited; ignores campaigns that cannot be paused any more. */
export interface CampaignPauses {
  pause(campaign: string, reason: string): Promise<void>
  resume(campaign: string, reason: string): Promise<void>
}

const OPERATOR = 'floodgate'

export function campaignPauses(campaigns: Pick<Campaigns, 'pause' | 'resume'>): CampaignPauses {
  const ignoreRefusal = async (change: Promise<unknown>) => {
    try {
      await change
    } catch (error) {
      // refused: the campaign is not published, or over, and needs no pause
      if (!(error instanceof CampaignError)) throw error
    }
  }
  return {
    pause: (campaign, reason) => ignoreRefusal(campaigns.pause(campaign, { operator: OPERATOR, reason })),
    resume: (campaign, reason) => ignoreRefusal(campaigns.resume(campaign, { operator: OPERATOR, reason }))
  }
}

interface HoldParts {
  readonly pool: Pool
  readonly shard: number
  readonly pauses: CampaignPauses
  readonly logger: Logger
}

/** A campaign that opens within so long is compared at each step. */
const SOON_SECONDS = 15

/** Keeps single campaigns paused, so that the others can sell: those that broke a check, and those that differ before they open. */
export class HoldDriver {
  readonly #parts: HoldParts

  constructor(parts: HoldParts) {
    this.#parts = parts
  }

  /** Pauses campaigns that have to be held. The row is written first, so the next worker continues if this one dies here. @returns how many there were */
  async step(): Promise<number> {
    const { pool, shard, pauses } = this.#parts
    const due = await holdsToPause(pool, shard)
    for (const { id, campaign, kind, what } of due) {
      await pauses.pause(campaign, kind === 'violation' ? `a check of Postgres was violated: ${what}` : what)
      await notePaused(pool, id)
    }
    return due.length
  }

  /** Whether rules and stock have to be compared now, because a campaign is about to open. */
  async opensSoon(): Promise<boolean> {
    return (await shutCampaigns(this.#parts.pool)).some(({ inSeconds }) => inSeconds < SOON_SECONDS)
  }

  /** Takes the result of a comparison of all rules and stock: campaigns that are not open yet stay paused as long as they differ. */
  async compared(differences: readonly Difference[]): Promise<void> {
    const { pool, shard, pauses, logger } = this.#parts
    const differing = new Set(differences.map(({ key }) => campaignOfKey(key)))
    for (const { campaign } of await shutCampaigns(pool)) {
      if (!differing.has(campaign)) continue
      const what = 'its rules or stock in Redis are not what was published: compare, then repair or recover'
      logger.error(
        { alarm: 'KEPT_SHUT', campaign },
        'a campaign differs before it opens; it stays paused until it is equal'
      )
      await noteHold(pool, { shard, campaign, kind: 'difference', what })
    }
    for (const { id, campaign } of await heldDifferences(pool, shard)) {
      if (differing.has(campaign)) continue
      await pauses.resume(campaign, 'compared again: its rules and stock are what was published')
      await noteLifted(pool, id)
    }
  }
}
