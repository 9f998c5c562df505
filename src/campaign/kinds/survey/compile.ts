import { userField } from '../../../record/fields.ts'
import { type CampaignContext, drawsOf } from '../../parts/context.ts'
import { type Fields, participationFields } from '../../parts/fields.ts'
import { compileReward } from '../../parts/pay.ts'
import type { Survey } from './rules.ts'

/** The fields of `a:<campaign>:<survey>` beside those of every kind. The gate knows whom it asks, and no question. */
export function compileSurvey(campaign: CampaignContext, survey: Survey): Fields {
  const ofDraws = drawsOf(campaign).map((draw) => userField.wins(campaign.id, draw))
  const wins = survey.for === 'winners' ? [userField.heldWins(campaign.id), ...ofDraws] : []
  return {
    ...participationFields,
    per_campaign: 1,
    for: survey.for,
    wins: wins.join(','),
    reward: compileReward(campaign, survey.reward)
  }
}
