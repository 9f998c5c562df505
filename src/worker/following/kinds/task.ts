import { periodOf } from '../../../campaign/actions/task-progress.ts'
import type { Rules } from '../../../campaign/definition/rules.ts'
import { kindOf } from '../../../campaign/kinds/index.ts'
import type { Task } from '../../../campaign/kinds/task/rules.ts'
import { isOwnCounter } from '../../../campaign/parts/own-counters.ts'
import { addOwnCounts } from '../../../store/campaigns/progress.ts'
import type { Followed } from '../../../store/following/followed.ts'
import { countsOf } from '../counters.ts'
import type { ActivityListeners } from '../listener.ts'

/** The activities whose completions are check-ins: done once a day, and by the user alone. */
function checkIns({ activities }: Rules): ReadonlySet<string> {
  const daily = activities.filter((activity) => {
    const { goal } = kindOf(activity)
    return goal !== undefined && goal(activity) === null && 'per' in activity && activity.per === 'day'
  })
  return new Set(daily.map(({ id }) => id))
}

/** A task whose goal Floodgate counts itself: it listens to whatever counts, and the worker has it completed. */
export const task: ActivityListeners<Task> = {
  listenerOf({ id, per, goal, sessions }, rules) {
    const counter = goal?.counter ?? ''
    if (goal === null || !isOwnCounter(counter)) return undefined
    const { opensAt = 0, closesAt = 0 } = sessions[0] ?? {}
    const own = checkIns(rules)
    const counting = {
      campaign: rules.id,
      name: id,
      isMeant({ activity, type }: Followed) {
        // the task's own completion would count for itself
        if (activity === id) return false
        return goal.activity === undefined ? type !== 'task.completed' || own.has(activity) : activity === goal.activity
      }
    }
    return {
      name: id,
      async take(session, decisions) {
        const counted = await countsOf[counter](session, counting, decisions)
        const inTime = counted.filter(({ at }) => at >= opensAt && at < closesAt)
        const counts = inTime.map((each) => ({
          user: each.user,
          period: periodOf({ per }, rules.timezone, each.at),
          amount: each[goal.of ?? 'times']
        }))
        await addOwnCounts(
          session,
          { campaign: rules.id, task: id, goal: goal.count },
          counts.filter(({ amount }) => amount !== 0)
        )
      }
    }
  }
}
