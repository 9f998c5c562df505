import { Card, type CardOf } from '../parts/card.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { costOf, count, odds, rewardOf } from '../shop/format.ts'
import { campaign as here, standing } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { useFound, useUnfolding } from '../shop/read.ts'
import { linkTo } from '../shop/route.ts'
import { client } from '../shop/session.ts'
import { say } from '../shop/words.ts'
import { Wheel } from './wheel.tsx'

type Draw = CardOf<'draw'>['activity']
type Prize = Draw['prizes'][number]

/** Prizes as the operators want them on the wheel. */
function inOrder(prizes: readonly Prize[]): Prize[] {
  const orderOf = ({ display }: Prize, index: number) => (typeof display?.order === 'number' ? display.order : index)
  const places = new Map(prizes.map((prize, index) => [prize.id, orderOf(prize, index)]))
  return prizes.toSorted((one, other) => (places.get(one.id) ?? 0) - (places.get(other.id) ?? 0))
}

/** The odds for this user: a level may have its own. */
function oddsOf({ oddsByLevel = [] }: Draw, prize: Prize): number {
  const level = standing.value?.level ?? 0
  const own = oddsByLevel.filter((row) => row.level <= level).toSorted((one, other) => other.level - one.level)[0]
  return own?.odds[prize.id] ?? prize.odds
}

function Odds({ draw, prizes }: { draw: Draw; prizes: readonly Prize[] }) {
  return (
    <details>
      <summary>{say('odds')}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{say('prize')}</th>
            <th scope="col">{say('chance')}</th>
            <th scope="col">{say('leftWord')}</th>
          </tr>
        </thead>
        <tbody>
          {prizes.map((prize, index) => (
            <tr key={prize.id}>
              <th scope="row">
                {index + 1}. {prize.title}
                {prize.subPrizes?.map((sub) => (
                  <small key={sub.id}>
                    {sub.title} {odds(sub.odds)}
                  </small>
                ))}
              </th>
              <td>{odds(oddsOf(draw, prize))}</td>
              <td>{prize.remaining === null ? say('noEnd') : count(prize.remaining)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {draw.seedCommitment !== null && <small class="hash">{say('fair', { hash: draw.seedCommitment })}</small>}
    </details>
  )
}

/** Who won lately: names are masked by the gateway. */
function Winners({ campaign, draw }: { campaign: string; draw: string }) {
  const { onToggle, news } = useUnfolding()
  const { answer } = useFound(() => client.value.winners(campaign, { draw, limit: 5 }), [campaign, draw, news])
  if (answer === undefined || answer.items.length === 0) return null
  return (
    <details onToggle={onToggle}>
      <summary>{say('recentWins')}</summary>
      <ul class="plain">
        {answer.items.map(({ user, prize, wonAt }) => (
          <li key={`${user}${wonAt}`}>
            {user} <b>{prize.title}</b>
          </li>
        ))}
      </ul>
    </details>
  )
}

/** A draw: the wheel, its odds, and what was won. */
export function DrawCard({ activity, campaign }: CardOf<'draw'>) {
  const { id, cost } = activity
  const act = useAct(`spin ${campaign}/${id}`, (key, _, onWork) => client.value.spin(campaign, id, { key, onWork }))
  const prizes = inOrder(activity.prizes)
  const spun = act.outcome?.outcome === 'confirmed' ? act.outcome.spin : undefined
  const chances = standing.value?.chances[id]
  const has = cost && standing.value ? say('balance', { what: costOf(balancesOf(cost)) }) : undefined
  const left =
    chances === undefined || activity.chances === undefined ? has : say('chancesLeft', { count: count(chances.total) })
  return (
    <Card activity={activity}>
      {(isOpen) => (
        <>
          <Wheel slices={prizes} spin={spun && { id: spun.id, prize: spun.prize?.id ?? activity.fallback }} />
          <p class="soft centre">{left ?? '\u00a0'}</p>
          <div class="actions">
            <ActButton act={act} disabled={!isOpen} onClick={() => act.go(undefined)}>
              {cost && Object.keys(cost).length > 0 ? say('spinFor', { cost: costOf(cost) }) : say('spin')}
            </ActButton>
          </div>
          <Ended act={act} wish={undefined}>
            {({ spin }) => <Won spin={spin} draw={activity} />}
          </Ended>
          <Odds draw={activity} prizes={prizes} />
          <Winners campaign={campaign} draw={id} />
        </>
      )}
    </Card>
  )
}

function balancesOf(cost: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.keys(cost).map((unit) => [unit, standing.value?.balances[unit] ?? 0]))
}

type Spin = Extract<Awaited<ReturnType<ReturnType<typeof client.peek>['spin']>>, { outcome: 'confirmed' }>['spin']

function Won({ spin, draw }: { spin: Spin; draw: Draw }) {
  const { prize, win, credited } = spin
  const title = [
    prize?.title ?? draw.prizes.find(({ id }) => id === draw.fallback)?.title ?? say('nothing'),
    prize?.sub?.title
  ]
    .filter(Boolean)
    .join(' · ')
  const isWorth = win !== null || Object.keys(credited).length > 0
  return (
    <>
      <b>{isWorth ? say('won', { prize: title }) : title}</b>
      {Object.keys(credited).length > 0 && <p>{rewardOf(credited, here.value)}</p>}
      {win?.status === 'won' && (
        <p>
          <a href={linkTo('mine', 'wins')}>{say('claimNow')}</a>
        </p>
      )}
    </>
  )
}
