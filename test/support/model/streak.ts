import type { Deal } from './deal.ts'
import type { Give, TaskSetup } from './setup.ts'

/** Days on which a user has done a task, as streaks: each with its last day and its length. */
function rowsOf(days: readonly number[]): Array<{ last: number; length: number }> {
  const rows: Array<{ last: number; length: number }> = []
  for (const day of days.toSorted((a, b) => a - b)) {
    const row = rows.at(-1)
    if (row?.last === day - 1) Object.assign(row, { last: day, length: row.length + 1 })
    else rows.push({ last: day, length: 1 })
  }
  return rows
}

/** How often each step is reached when days are reported in their order, counted day by day. */
function reachedBy(days: readonly number[], { streak }: TaskSetup): number[] {
  const longest = Math.max(...streak.map((step) => step.days))
  return streak.map((step) => {
    const times = rowsOf(days).map(({ length }) => {
      return Array.from({ length }, (_, index) => (index % longest) + 1).filter((at) => at === step.days).length
    })
    return times.reduce((sum, one) => sum + one, 0)
  })
}

/**
 * Gives what the days are due by now, of which the bonus is in points, less what was given: never less than what the same days
 * give in their order. @returns the length of the row with this day, and '1' with a bonus
 */
export function completeStreak(deal: Deal, task: TaskSetup, factor: number): [length: string, bonus: string] {
  const { user, day, setup } = deal
  const prefix = `n:${setup.campaign}/${task.id}@`
  const done = [...user.numbers.keys()].filter((field) => field.startsWith(prefix))
  const before = done.map((field) => Number(field.slice(prefix.length)))
  const after = [...before, day]
  const pointsOf = (times: readonly number[]) =>
    times.reduce((sum, count, index) => sum + count * (task.streak[index]?.reward[0]?.amount ?? 0), 0)
  const field = `st:${setup.campaign}/${task.id}`
  const surplus = Number(/,b:points (\d+)$/.exec(user.records.get(field) ?? '')?.[1] ?? 0)
  const [old, now] = [reachedBy(before, task), reachedBy(after, task)]
  const due = pointsOf(now) - pointsOf(old) - surplus
  const [give] = task.streak[0]?.reward ?? []
  if (give && due > 0) deal.reward([{ ...give, amount: due } satisfies Give], factor)
  const rows = rowsOf(after)
  const latest = rows.at(-1)
  const rest = due < 0 ? `,b:points ${-due}` : ''
  deal.put(field, `${latest?.last};${latest?.length}${rest}`)
  const own = rows.find(({ last, length }) => day <= last && day > last - length)
  return [String(own?.length), now.some((times, index) => times > (old[index] ?? 0)) ? '1' : '0']
}
