import { type Add, type Context, checkCompleted, checkOwnWindow, checkReward, checkUnique } from '../../parts/check.ts'
import { isOwnCounter, isReservedCounter, ownCounters } from '../../parts/own-counters.ts'
import type { TaskDefinition } from './definition.ts'

/** Checks what the schema of a task cannot say. */
export function checkTask(task: TaskDefinition, pointer: string, context: Context): void {
  const { add } = context
  const { after = [], reward, streak = [] } = task
  checkOwnWindow(task, pointer, context)
  checkCompleted(after, `${pointer}/after`, context)
  checkUnique(after, (index) => `${pointer}/after/${index}`, add)
  checkReward(reward, `${pointer}/reward`, context)
  if (task.goal) checkGoal(task.goal, `${pointer}/goal`, context)
  // the level stands in the user's token, and the system completes a goal without one
  if (task.goal && (task.requires?.level ?? 0) > 0)
    add(
      `${pointer}/requires/level`,
      'cannot be asked for: a task with a goal is completed without the user, and levels are in tokens'
    )
  if (streak.length > 0 && task.per !== 'day') add(`${pointer}/streak`, 'is for tasks that are done per day')
  if (task.streakOn !== undefined && streak.length === 0) add(`${pointer}/streakOn`, 'is for tasks with a streak')
  checkPrizes(task, pointer, add)
  for (const [index, step] of streak.entries()) checkReward(step.reward, `${pointer}/streak/${index}/reward`, context)
  checkUnique(
    streak.map(({ days }) => days),
    (index) => `${pointer}/streak/${index}/days`,
    add
  )
}

/**
 * A decision makes one win, which has its id. So a prize of the task and one of its streak exclude each other; a task with a goal can
 * be reported late and then reach several steps at once, so one of these at most holds a prize.
 */
function checkPrizes({ reward, streak = [], goal }: TaskDefinition, pointer: string, add: Add): void {
  const steps = [...streak.entries()].filter(([, step]) => step.reward.prize !== undefined)
  const refused = reward.prize !== undefined ? steps : goal === undefined ? [] : steps.slice(1)
  const why =
    reward.prize !== undefined ? 'the reward of the task holds one' : 'another step of a task with a goal holds one'
  for (const [index] of refused) {
    add(
      `${pointer}/streak/${index}/reward/prize`,
      `must not stand here: ${why}, and one completion gives one prize at most`
    )
  }
}

function checkGoal(goal: NonNullable<TaskDefinition['goal']>, pointer: string, { add, kindById }: Context): void {
  const { counter, of, activity } = goal
  if (!isOwnCounter(counter)) {
    if (isReservedCounter(counter))
      add(`${pointer}/counter`, `is not counted by this version: choose one of ${Object.keys(ownCounters).join(', ')}`)
    for (const field of ['of', 'activity'] as const)
      if (goal[field] !== undefined)
        add(`${pointer}/${field}`, `is for our own counters: ${counter} is told by other systems`)
    return
  }
  const known: readonly string[] = ownCounters[counter]
  if (of !== undefined && !known.includes(of)) add(`${pointer}/of`, `must be one of ${known.join(', ')} for ${counter}`)
  if (activity !== undefined && !kindById.has(activity)) add(`${pointer}/activity`, 'is no activity of this campaign')
}

/** Refuses tasks that wait for themselves: nobody could complete them. @param tasks by index of the activity; other kinds are undefined */
export function checkCircles(tasks: ReadonlyArray<TaskDefinition | undefined>, add: Add): void {
  const afterOf = new Map(tasks.flatMap((task) => (task ? [[task.id, task.after ?? []] as const] : [])))
  for (const [index, task] of tasks.entries()) {
    if (!task) continue
    const reached = new Set<string>()
    const open = [...(task.after ?? [])]
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (reached.has(id)) continue
      reached.add(id)
      open.push(...(afterOf.get(id) ?? []))
    }
    if (reached.has(task.id)) add(`/activities/${index}/after`, `leads back to ${task.id}: it could never be done`)
  }
}
