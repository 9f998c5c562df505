import { Card, type CardOf } from '../parts/card.tsx'
import { rewardOf } from '../shop/format.ts'
import { campaign as here } from '../shop/here.ts'
import { say } from '../shop/words.ts'

/** What the helpers of a share bring its owner, and what each of them gets. Help itself is given on the page of the share. */
export function AssistCard({ activity }: CardOf<'assist'>) {
  const { thresholds, helper } = activity
  return (
    <Card activity={activity}>
      {() => (
        <>
          <p class="soft">{say('helpNote')}</p>
          <ul class="plain">
            {thresholds.map(({ count, reward }) => (
              <li key={count} class="row">
                <span>{say('thresholds', { count })}</span>
                <b>{rewardOf(reward, here.value)}</b>
              </li>
            ))}
          </ul>
          {helper && <p class="soft">{say('invitee', { what: rewardOf(helper.reward, here.value) })}</p>}
        </>
      )}
    </Card>
  )
}
