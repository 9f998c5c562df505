import { exceptionsOf } from '../../parts/calendar.ts'
import type { CampaignContext } from '../../parts/context.ts'
import { type Fields, flag, participationFields } from '../../parts/fields.ts'
import { packDays } from '../../parts/packed.ts'
import { compileReward } from '../../parts/pay.ts'
import type { Task } from './rules.ts'

/** The fields of `a:<campaign>:<task>` beside those of every kind. */
export function compileTask(campaign: CampaignContext, task: Task): Fields {
  return {
    ...participationFields,
    per: task.per,
    per_day: task.per === 'day' ? 1 : 0,
    per_campaign: task.per === 'campaign' ? 1 : 0,
    goal: flag(task.goal !== null),
    after: task.after.join(','),
    reward: compileReward(campaign, task.reward, true),
    ...(task.streakOn && { streak_off: packDays(exceptionsOf(campaign.calendar)) }),
    streak: task.streak.map(({ days, reward }) => `${days}=${compileReward(campaign, reward, true)}`).join(';')
  }
}
