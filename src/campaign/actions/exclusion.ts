import { userField } from '../../record/fields.ts'
import type { CampaignRow } from '../../store/campaigns/campaigns.ts'
import { insertJob, type Revoking } from '../../store/campaigns/jobs.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import { type Actor, keyReused, rulesInForce } from '../carrying/context.ts'
import type { Planned } from '../change/plan.ts'
import { userKey } from '../parts/fields.ts'
import { returnsQuota } from './revocation.ts'

/** A user to be excluded from a campaign, and what of theirs is to be revoked. */
export interface Excluded {
  readonly campaign: string
  readonly user: string
  readonly revokeWins?: boolean | undefined
  /** what the campaign's policy says where it is absent */
  readonly returnQuota?: boolean | undefined
  readonly revokeRewards?: boolean | undefined
  readonly cancelOrders?: boolean | undefined
}

/** What is to be revoked, as a job keeps it. */
export function revokingOf(row: CampaignRow, excluded: Excluded): Revoking {
  const { user, revokeWins = false, revokeRewards = false, cancelOrders = false } = excluded
  const returnQuota = returnsQuota(rulesInForce(row), excluded.returnQuota)
  return { user, wins: revokeWins, returnQuota, rewards: revokeRewards, orders: cancelOrders }
}

const isEmpty = ({ wins, rewards, orders }: Revoking) => !wins && !rewards && !orders

/** Plans that a user is excluded, or let in again. */
export function planStanding(campaign: string, user: string, disqualified: boolean): Planned {
  return {
    type: disqualified ? 'user.disqualified' : 'user.requalified',
    user,
    puts: [[userKey(user), userField.disqualified(campaign), disqualified ? '1' : '0']],
    adds: [],
    data: { user: issuedUser(user) },
    change: {},
    before: null,
    after: { campaign, disqualified }
  }
}

/** Plans an exclusion. What is to be revoked is noted with it, so that no crash in between leaves it out. */
export function planExclusion(
  row: CampaignRow,
  excluded: Excluded,
  { operator, reason = '', key = '' }: Actor
): Planned {
  const asked = revokingOf(row, excluded)
  const planned = planStanding(row.id, excluded.user, true)
  if (isEmpty(asked)) return planned
  const { user: _user, ...revoked } = asked
  return {
    ...planned,
    after: { campaign: row.id, disqualified: true, revoked },
    also: async (client, intent) => {
      const job = { kind: 'disqualification', campaign: row.id, asked, operator, reason, key, intent } as const
      // the change would have been found under the key as well, if it were the same
      if (!(await insertJob(client, job)).isNew) throw keyReused()
    }
  }
}
