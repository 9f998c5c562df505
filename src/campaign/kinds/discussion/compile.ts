import type { CampaignContext } from '../../parts/context.ts'
import { type Fields, participationFields } from '../../parts/fields.ts'
import { compileReward } from '../../parts/pay.ts'
import type { Discussion } from './rules.ts'

/** The fields of `a:<campaign>:<discussion>` beside those of every kind; a like has no limit and no reward. */
export function compileDiscussion(campaign: CampaignContext, talk: Discussion): Fields {
  return {
    ...participationFields,
    moderation: talk.moderation,
    per_day: talk.perDay,
    reward: compileReward(campaign, talk.reward),
    'per_day:like': 0,
    'per_campaign:like': 0,
    'reward:like': ''
  }
}
