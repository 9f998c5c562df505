import { Type } from 'typebox'
import type { Draw } from '../../../campaign/kinds/draw/rules.ts'
import { dayNumberAt } from '../../../campaign/parts/local-time.ts'
import { KEPT_DAYS } from '../../../record/draw.ts'
import { userField } from '../../../record/fields.ts'
import type { Standings } from '../kind.ts'
import { Allowance, allowance, type Day, numberIn } from '../parts/standing.ts'

/** Unused chances of earlier days, where the campaign keeps them; as the gate reckons at the day's first spin. */
function carriedChances(standing: Day, draw: Draw, daily: number): number {
  const { campaign, fields, today } = standing
  if (campaign.rules.policies.unusedDailyChances !== 'keep') return 0
  const [day = '', carried] = (fields[userField.chancesKept(campaign.id, draw.id)] ?? '').split(';')
  if (Number(day) === today) return Number(carried)
  const most = KEPT_DAYS * daily
  if (day === '') {
    const opensAt = Math.max(campaign.rules.opensAt, ...draw.sessions.map((session) => session.opensAt))
    const idle = today - dayNumberAt(opensAt, campaign.rules.timezone)
    return Math.min(most, Math.max(0, idle) * daily)
  }
  const spent = numberIn(standing, userField.times(campaign.id, draw.id, Number(day)))
  return Math.min(most, Math.max(0, Number(carried) + daily - spent) + (today - Number(day) - 1) * daily)
}

function chancesView(standing: Day, draw: Draw) {
  const { campaign, today } = standing
  const { daily = 0, extraPerDay = 0 } = draw.chances ?? {}
  const spent = numberIn(standing, userField.times(campaign.id, draw.id, today))
  const left = daily === 0 ? 0 : Math.max(0, carriedChances(standing, draw, daily) + daily - spent)
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
  chances: (day, draw) => (draw.chances === null ? undefined : chancesView(day, draw)),
  rewards: ({ prizes }) => prizes.flatMap(({ reward, subPrizes }) => [reward, ...subPrizes.map((sub) => sub.reward)])
}
