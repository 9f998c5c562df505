import { Card, type CardOf, Gives } from '../parts/card.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { rewardOf, titleOf } from '../shop/format.ts'
import { campaign as here, standing } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { client } from '../shop/session.ts'
import { say } from '../shop/words.ts'

type Task = CardOf<'task'>['activity']

/** the most days that are drawn: a phone has no place for more */
const DAYS = 7

/** The days of a streak: those that are done, and what its last ones give. */
function Streak({ task }: { task: Task }) {
  const { streak = [], id } = task
  if (streak.length === 0) return null
  const mine = standing.value?.streak[id]
  const length = mine?.length ?? 0
  const longest = Math.max(...streak.map(({ days }) => days))
  const done = length % longest === 0 && length > 0 && mine?.today ? longest : length % longest
  const first = Math.max(1, Math.min(done, longest - DAYS + 1))
  const shown = Array.from({ length: Math.min(DAYS, longest) }, (_, index) => first + index)
  return (
    <>
      <p class="soft">{length > 0 ? say('streak', { count: length }) : say('streakStart')}</p>
      <ol class="streak">
        {shown.map((day) => {
          const extra = streak.find(({ days }) => days === day)
          return (
            <li key={day} class={[day <= done ? 'done' : '', extra ? 'extra' : ''].join(' ')}>
              <span>{say('day', { day })}</span>
              <b>{day <= done ? '✓' : '·'}</b>
              {extra && <small>{rewardOf(extra.reward, here.value)}</small>}
            </li>
          )
        })}
      </ol>
    </>
  )
}

/** A task that is done here, or one that counts by itself towards a goal. */
export function TaskCard({ activity, campaign }: CardOf<'task'>) {
  const { id, goal, after = [], per, reward } = activity
  const act = useAct(`complete ${campaign}/${id}`, (key) => client.value.complete(campaign, id, { key }))
  const mine = standing.value?.activities.find((one) => one.id === id)
  const isDone = mine?.done === true || standing.value?.streak[id]?.today === true
  const missing =
    mine === undefined
      ? []
      : after.filter((first) => standing.value?.activities.find((one) => one.id === first)?.done !== true)
  // nothing was counted yet where the gateway says nothing of it
  const progress = goal && mine ? (mine.progress ?? { count: 0, goal: goal.count }) : undefined
  const isAhead = missing.length > 0 || (progress !== undefined && progress.count < progress.goal)
  const word = isDone ? (per === 'day' ? 'doneToday' : 'done') : activity.streak ? 'checkIn' : 'complete'
  return (
    <Card activity={activity}>
      {(isOpen) => (
        <>
          <Gives label={say('gives')} what={rewardOf(reward, here.value)} />
          <Streak task={activity} />
          {missing.length > 0 && !isDone && (
            <p class="needs">{say('after', { what: missing.map((first) => titleOf(here.value, first)).join(', ') })}</p>
          )}
          {goal && (
            <p class="soft">
              {progress && (
                <>
                  <meter min={0} max={progress.goal} value={progress.count} aria-label={activity.title} />
                  <span class="figure">{say('goalProgress', { ...progress })} · </span>
                </>
              )}
              {say('goalNote')}
            </p>
          )}
          <div class="actions">
            <ActButton act={act} disabled={!isOpen || isDone || isAhead} onClick={() => act.go(undefined)}>
              {say(word)}
            </ActButton>
          </div>
          <Ended act={act} wish={undefined}>
            {({ completion }) => (
              <b>
                {say('completed', {
                  what: completion.cappedBy ? say('nothingMore') : rewardOf(completion.credited, here.value)
                })}
                {completion.prize && ` · ${completion.prize.title}`}
              </b>
            )}
          </Ended>
        </>
      )}
    </Card>
  )
}
