import { Card, type CardOf } from '../parts/card.tsx'
import { Empty, Fault } from '../parts/ui.tsx'
import { count, rewardOf } from '../shop/format.ts'
import { campaign as here } from '../shop/here.ts'
import { news, useFound } from '../shop/read.ts'
import { client, user } from '../shop/session.ts'
import { say } from '../shop/words.ts'

/** how many of the first are shown */
const SHOWN = 10

interface Place {
  readonly rank: number
  readonly user: string
  readonly score: number
}

function Places({ name, places, mine }: { name: string; places: readonly Place[]; mine: number | undefined }) {
  return (
    <table>
      <caption class="hidden">{name}</caption>
      <thead>
        <tr>
          <th scope="col">{say('rank')}</th>
          <th scope="col">{say('who')}</th>
          <th scope="col">{say('score')}</th>
        </tr>
      </thead>
      <tbody>
        {places.map(({ rank, user: masked, score }) => (
          <tr key={rank} class={rank === mine ? 'mine' : undefined}>
            <th scope="row">{rank}</th>
            <td>{rank === mine ? say('you') : masked}</td>
            <td>{count(score)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A leaderboard with what its places give, and one's own place, however far down. */
export function BoardCard({ activity, campaign }: CardOf<'board'>) {
  const { id, title, top } = activity
  const { answer, fault, again } = useFound(
    () => client.value.leaderboard(campaign, id, { limit: SHOWN }),
    [campaign, id, user.value, news.value]
  )
  const me = answer?.me ?? undefined
  const isBelow = me !== undefined && !answer?.items.some(({ rank }) => rank === me.rank)
  return (
    <Card activity={activity}>
      {() => (
        <>
          <ul class="plain">
            {top.map(({ upTo, reward, title: called }) => (
              <li key={upTo} class="row">
                <span>{upTo === 1 ? say('first') : say('upTo', { rank: upTo })}</span>
                <b>{[called, reward && rewardOf(reward, here.value)].filter(Boolean).join(' · ')}</b>
              </li>
            ))}
          </ul>
          {fault !== undefined && <Fault fault={fault} again={again} />}
          {answer?.items.length === 0 && <Empty title={say('noBoard')} />}
          {answer !== undefined && answer.items.length > 0 && (
            <Places name={title} places={answer.items} mine={me?.rank} />
          )}
          {answer?.frozen === true && <p class="soft">{say('frozen')}</p>}
          {isBelow && me && <Places name={say('you')} places={[{ ...me, user: say('you') }]} mine={me.rank} />}
          {user.value !== '' && answer !== undefined && answer.items.length > 0 && me === undefined && (
            <p class="soft">{say('notRanked')}</p>
          )}
        </>
      )}
    </Card>
  )
}
