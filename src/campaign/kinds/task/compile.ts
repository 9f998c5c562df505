import type { CampaignContext } from '../../parts/context.ts'
import { activityKey, commonFields, flag, type Put, participationFields, putsOf } from '../../parts/fields.ts'
import { compileReward } from '../../parts/pay.ts'
import type { Task } from './rules.ts'

/** All values of `a:<campaign>:<task>`. */
export function compileTask(campaign: CampaignContext, task: Task): Put[] {
  return putsOf(activityKey(campaign.id, task.id), {
    ...commonFields(task),
    ...participationFields,
    per: task.per,
    per_day: task.per === 'day' ? 1 : 0,
    per_campaign: task.per === 'campaign' ? 1 : 0,
    goal: flag(task.goal !== null),
    after: task.after.join(','),
    reward: compileReward(campaign, task.reward, true),
    streak: task.streak.map(({ days, reward }) => `${days}=${compileReward(campaign, reward, true)}`).join(';')
  })
}
