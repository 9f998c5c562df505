import { Type } from 'typebox'
import type { Draw } from '../../../campaign/kinds/draw/rules.ts'
import { dayNumberAt } from '../../../campaign/parts/local-time.ts'
import { carriedChances, decodeKept } from '../../../record/draw.ts'
import { userField } from '../../../record/fields.ts'
import type { Standings } from '../kind.ts'
import { Allowance, allowance, type Day, numberIn } from '../parts/standing.ts'

/** Unused chances of earlier days, if the campaign keeps them. */
function carriedOf(standing: Day, draw: Draw, daily: number): number {
  const { campaign, fields, today } = standing
  const { rules } = campaign
  if (rules.policies.unusedDailyChances !== 'keep') return 0
  const kept = decodeKept(fields[userField.chancesKept(campaign.id, draw.id)])
  const spent = kept === undefined ? 0 : numberIn(standing, userField.times(campaign.id, draw.id, kept.day))
  const opensAt = Math.max(rules.opensAt, ...draw.sessions.map((session) => session.opensAt))
  return carriedChances({ daily, kept, spent, today, firstDay: dayNumberAt(opensAt, rules.timezone) })
}

function chancesView(standing: Day, draw: Draw) {
  const { campaign, today } = standing
  const { daily = 0, extraPerDay = 0 } = draw.chances ?? {}
  const spent = numberIn(standing, userField.times(campaign.id, draw.id, today))
  const left = daily === 0 ? 0 : Math.max(0, carriedOf(standing, draw, daily) + daily - spent)
  const extra = numberIn(standing, userField.chances(campaign.id, draw.id))
  const credited = numberIn(standing, userField.chancesCredited(campaign.id, draw.id, today))
  return { daily: left, dailyLimit: daily, extra, total: left + extra, extraToday: allowance(credited, extraPerDay) }
}

export const drawStanding: Standings<Draw> = {
  most: ({ limits }) => limits.perCampaign,
  view(day, { id, limits }) {
    const { campaign, today } = day
    return {
      today: allowance(numberIn(day, userField.times(campaign.id, id, today)), limits.perDay),
      wins: allowance(numberIn(day, userField.wins(campaign.id, id)), limits.winsPerCampaign)
    }
  },
  schema: { today: Type.Optional(Allowance), wins: Type.Optional(Allowance) },
  chances: (day, draw) => (draw.chances === null ? undefined : chancesView(day, draw))
}
