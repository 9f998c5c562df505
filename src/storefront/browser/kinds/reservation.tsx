import { Card, type CardOf } from '../parts/card.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { count, moment, titleOf } from '../shop/format.ts'
import { campaign as here, standing } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { client } from '../shop/session.ts'
import { now } from '../shop/time.ts'
import { say } from '../shop/words.ts'

/** the next openings that are offered */
const OFFERED = 4

type Target = CardOf<'reservation'>['activity']['targets'][number]

function Opening({ target, reservation, campaign }: { target: Target; reservation: string; campaign: string }) {
  const { session, opensAt } = target
  const act = useAct(`reserve ${campaign}/${reservation}/${session}`, (key) =>
    client.value.reserve(campaign, reservation, { key, session })
  )
  const mine = standing.value?.activities.find(({ id }) => id === reservation)
  const has = mine?.reserved?.includes(session) === true
  return (
    <li>
      <div class="row">
        <span class="figure">
          {moment(opensAt)}
          {typeof target.reserved === 'number' && target.reserved > 0 && (
            <small>{say('reserved', { count: count(target.reserved) })}</small>
          )}
        </span>
        <ActButton act={act} disabled={has} onClick={() => act.go(undefined)}>
          {say(has ? 'isReserved' : 'remind')}
        </ActButton>
      </div>
      <Ended act={act} wish={undefined}>
        {({ reservation: { remindAt } }) => <b>{say('reminding', { time: moment(remindAt) })}</b>}
      </Ended>
    </li>
  )
}

/** Reminders of the next openings of a sale or draw. */
export function ReservationCard({ activity, campaign }: CardOf<'reservation'>) {
  const { id, of, targets } = activity
  const ahead = targets.filter(({ opensAt }) => Date.parse(opensAt) > now.peek())
  return (
    <Card activity={activity}>
      {() => (
        <>
          <p class="soft">{titleOf(here.value, of)}</p>
          {ahead.length === 0 && <p class="soft">{say('noSessions')}</p>}
          <ul class="plain">
            {ahead.slice(0, OFFERED).map((target) => (
              <Opening key={target.session} target={target} reservation={id} campaign={campaign} />
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}
