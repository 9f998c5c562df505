import { Card, type CardOf } from '../parts/card.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { Left } from '../parts/ui.tsx'
import { amountOf, costOf, count } from '../shop/format.ts'
import { standing } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { client } from '../shop/session.ts'
import { say } from '../shop/words.ts'

/** An item of the mall: what it costs in points, what is left, and how many points are missing. */
export function RedemptionCard({ activity, campaign }: CardOf<'redemption'>) {
  const { id, title, cost, remaining, sessions, unitsPerUser, spec = {} } = activity
  const act = useAct(`claim ${campaign}/${id}`, (key) => client.value.claim(campaign, id, { key, quantity: 1 }))
  const balances = standing.value?.balances
  const missing = Object.entries(cost).filter(([unit, price]) => balances && (balances[unit] ?? 0) < price)
  const isGone = remaining === 0
  const limits = unitsPerUser === null ? [] : [say('perUser', { limit: count(unitsPerUser) })]
  return (
    <Card activity={activity}>
      {(isOpen) => (
        <>
          <p class="price">
            <b>{costOf(cost)}</b>
          </p>
          <Left left={remaining} total={sessions[0]?.total ?? null} name={title} />
          <p class="soft">{[...Object.values(spec), ...limits].join(' · ') || '\u00a0'}</p>
          <div class="actions">
            <ActButton act={act} disabled={!isOpen || isGone || missing.length > 0} onClick={() => act.go(undefined)}>
              {isGone
                ? say('soldOut')
                : missing.length > 0
                  ? say('missing', {
                      count: missing.map(([unit, price]) => amountOf(unit, price - (balances?.[unit] ?? 0))).join(', ')
                    })
                  : say('redeem')}
            </ActButton>
          </div>
          <Ended act={act} wish={undefined}>
            {({ claim }) => (
              <>
                <b>{say('redeemed', { what: title })}</b>
                {claim.code !== undefined && <p class="figure">{say('yourCode', { code: claim.code })}</p>}
                {claim.instructions !== undefined && <p>{claim.instructions}</p>}
              </>
            )}
          </Ended>
        </>
      )}
    </Card>
  )
}
