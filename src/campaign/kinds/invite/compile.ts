import type { CampaignContext } from '../../parts/context.ts'
import { type Fields, participationFields } from '../../parts/fields.ts'
import { compileReward } from '../../parts/pay.ts'
import type { Invite } from './rules.ts'

/** The fields of `a:<campaign>:<invite>` beside those of every kind: its actions are `code`, `accept`, and credits for both sides. */
export function compileInvite(campaign: CampaignContext, { inviter, invitee, perInviter }: Invite): Fields {
  return {
    ...participationFields,
    'per_campaign:code': 1,
    'per_campaign:accept': 1,
    'per_day:inviter': perInviter.day,
    'per_campaign:inviter': perInviter.campaign,
    'reward:inviter': compileReward(campaign, inviter?.reward ?? null),
    'reward:invitee': compileReward(campaign, invitee?.reward ?? null),
    qualifies: inviter?.on === 'qualified' ? 'inviter' : 'qualified'
  }
}
