import { onlySession } from '../../parts/activity.ts'
import type { KindRules } from '../../parts/kind.ts'
import { isOwnCounter } from '../../parts/own-counters.ts'
import { checkCircles, checkTask } from './check.ts'
import { compileTask } from './compile.ts'
import { type TaskDefinition, TaskSchema } from './definition.ts'
import { type Task, taskDefinition, taskRules } from './rules.ts'

/** Something that a user does, or that other systems report, for a reward. */
export const task: KindRules<TaskDefinition, Task> = {
  schema: TaskSchema,
  frozen: ['per', 'goal', 'after', 'tier', 'reward', 'streak', 'streakOn'] satisfies ReadonlyArray<keyof Task>,
  check: checkTask,
  rules: taskRules,
  definition: taskDefinition,
  compile: compileTask,
  isCompleted: true,
  checkTogether: checkCircles,
  rewards: ({ reward, streak }) => [reward, ...streak.map((step) => step.reward)],
  needsCalendarUntil: (task) => (task.streakOn === undefined ? undefined : onlySession(task).closesAt - 1),
  isFollowed: ({ goal }) => goal !== null && isOwnCounter(goal.counter),
  goal: ({ goal, per }) =>
    goal === null ? null : { count: goal.count, per, counted: isOwnCounter(goal.counter) ? 'here' : 'outside' }
}
