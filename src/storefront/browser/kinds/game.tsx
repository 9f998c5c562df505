import { Card, type CardOf } from '../parts/card.tsx'
import { rewardOf } from '../shop/format.ts'
import { campaign as here, standing } from '../shop/here.ts'
import { say } from '../shop/words.ts'

/** A game: what its outcomes give. The game runs elsewhere, and its service reports how it went. */
export function GameCard({ activity }: CardOf<'game'>) {
  const { id, outcomes, attemptsPerDay } = activity
  const today = standing.value?.activities.find((one) => one.id === id)?.attemptsToday
  return (
    <Card activity={activity}>
      {() => (
        <>
          <ul class="plain">
            {Object.entries(outcomes).map(([outcome, reward]) => (
              <li key={outcome} class="row">
                <span>{outcome}</span>
                <b>{rewardOf(reward, here.value)}</b>
              </li>
            ))}
          </ul>
          {attemptsPerDay !== null && (
            <p class="soft">{say('gamePlay', { left: today?.left ?? attemptsPerDay, limit: attemptsPerDay })}</p>
          )}
          <p class="soft">{say('gameNote')}</p>
        </>
      )}
    </Card>
  )
}
