import { periodsNotFinal } from '../../store/boards/freezing.ts'
import type { CampaignRow } from '../../store/campaigns/campaigns.ts'
import { countOpenJobs } from '../../store/campaigns/jobs.ts'
import { openLoans } from '../../store/campaigns/loans.ts'
import { countReviews } from '../../store/campaigns/reviews.ts'
import { BOARDS_STEP, dueGoals, openChanges, payableOrders } from '../../store/campaigns/settlements.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import { openCredits } from '../../store/following/credits.ts'
import { openLevels } from '../../store/following/levels.ts'
import { openSpins } from '../../store/projection/drawn-spins.ts'
import { published } from '../carrying/context.ts'
import { kindOf } from '../kinds/index.ts'

/** Something of a campaign that has to be done before it is settled, and before it is archived. */
export interface Step {
  readonly name: string
  /** what it waits for, for people */
  readonly means: string
  /** How much is left; 0: done. */
  left(db: Queryable, row: CampaignRow): Promise<number>
}

export const orders: Step = {
  name: 'orders',
  means: 'orders that may still be paid',
  left: (db, { id }) => payableOrders(db, id)
}

export const changes: Step = {
  name: 'changes',
  means: 'changes and grants that the gate has still to carry out',
  left: (db, { id }) => openChanges(db, id)
}

export const spins: Step = {
  name: 'spins',
  means: 'spins whose prize another shard may have',
  left: (db, { id }) => openSpins(db, id)
}

export const goals: Step = {
  name: 'goals',
  means: 'goals that were reached and are not rewarded yet',
  left: (db, { id }) => dueGoals(db, id)
}

export const credits: Step = {
  name: 'credits',
  means: 'rewards for what others did',
  left: (db, { id }) => openCredits(db, id)
}

export const reviews: Step = {
  name: 'reviews',
  means: 'rewards that wait to be approved or rejected',
  left: (db, { id }) => countReviews(db, id)
}

export const jobs: Step = {
  name: 'jobs',
  means: 'cancellations in bulk, what is revoked of users who were excluded, and what expires',
  left: (db, { id }) => countOpenJobs(db, id)
}

export const boards: Step = {
  name: BOARDS_STEP,
  means: 'leaderboards whose order is not final yet',
  left: (db, row) => {
    const wanted = published(row).activities.flatMap((activity) =>
      (kindOf(activity).finalPeriods?.(activity) ?? []).map((period) => ({ board: activity.id, period }))
    )
    return periodsNotFinal(db, row.id, wanted)
  }
}

export const levels: Step = {
  name: 'levels',
  means: 'levels that are to be counted anew or to be changed',
  left: (db, { id }) => openLevels(db, id)
}

export const loans: Step = {
  name: 'loans',
  means: 'units on their way from one shard to another',
  left: (db, { id }) => openLoans(db, id)
}
