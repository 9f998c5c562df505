import type { Rules } from '../../definition/rules.ts'
import { activityKey, commonFields, flag, type Put, participationFields, putsOf } from '../../parts/fields.ts'
import type { Redemption, Task } from '../../parts/model.ts'
import { compileCost, compileReward } from '../../parts/pay.ts'

/** All values of `a:<campaign>:<task>`. */
export function compileTask(rules: Rules, task: Task): Put[] {
  return putsOf(activityKey(rules.id, task.id), {
    ...commonFields(task),
    ...participationFields,
    per: task.per,
    per_day: task.per === 'day' ? 1 : 0,
    per_campaign: task.per === 'campaign' ? 1 : 0,
    goal: flag(task.goal !== null),
    after: task.after.join(','),
    reward: compileReward(rules, task.reward, true),
    streak: task.streak.map(({ days, reward }) => `${days}=${compileReward(rules, reward, true)}`).join(';')
  })
}

/** All values of `a:<campaign>:<redemption>`. */
export function compileRedemption(rules: Rules, item: Redemption): Put[] {
  return putsOf(activityKey(rules.id, item.id), {
    ...commonFields(item),
    ...participationFields,
    ...compileCost(rules, item.cost),
    units_per_user: item.unitsPerUser,
    pool: item.pool
  })
}
