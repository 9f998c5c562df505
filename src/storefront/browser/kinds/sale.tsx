import { useState } from 'preact/hooks'
import { Card, type CardOf } from '../parts/card.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { Left } from '../parts/ui.tsx'
import { count, moment, money, odds } from '../shop/format.ts'
import { standing } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { linkTo } from '../shop/route.ts'
import { client } from '../shop/session.ts'
import { say } from '../shop/words.ts'

type Sale = CardOf<'sale'>['activity']

/** The units of the session that `remaining` is of: the one that is open, else the next one. */
function totalOf({ sessions, currentSession, nextOpensAt }: Sale): number | null {
  const shown = sessions.find(({ id, opensAt }) =>
    currentSession === null ? opensAt === nextOpensAt : id === currentSession
  )
  return shown?.total ?? null
}

function Price({ sale: { price, listPrice, currency } }: { sale: Sale }) {
  const isLess = listPrice !== undefined && listPrice > price
  return (
    <p class="price">
      <b>{money(price, currency)}</b>
      {isLess && (
        <>
          <s>{money(listPrice, currency)}</s>
          <span class="badge accent">−{odds(Math.round((1 - price / listPrice) * 100) / 100)}</span>
        </>
      )}
    </p>
  )
}

/** How many: buttons that a thumb can hit. */
function Quantity({ value, most, onChange }: { value: number; most: number; onChange: (value: number) => void }) {
  return (
    <fieldset class="stepper">
      <legend class="hidden">{say('quantity')}</legend>
      <button
        type="button"
        class="quiet"
        aria-label={say('one_less')}
        disabled={value <= 1}
        onClick={() => onChange(value - 1)}
      >
        −
      </button>
      <output class="figure">{value}</output>
      <button
        type="button"
        class="quiet"
        aria-label={say('one_more')}
        disabled={value >= most}
        onClick={() => onChange(value + 1)}
      >
        +
      </button>
    </fieldset>
  )
}

/** A sale: what it costs, what is left now, and the button. */
export function SaleCard({ activity, campaign }: CardOf<'sale'>) {
  const { id, title, remaining, unitsPerUser } = activity
  const [quantity, setQuantity] = useState(1)
  const act = useAct(`buy ${campaign}/${id}`, (key, wish: number, onWork) =>
    client.value.buy(campaign, id, { key, quantity: wish, onWork })
  )
  const discount = activity.levelDiscount ? (standing.value?.levels?.privileges.discountPercent ?? 0) : 0
  const mine = standing.value?.activities.find((one) => one.id === id)?.units
  const most = Math.max(1, Math.min(unitsPerUser ?? 9, mine?.left ?? 9))
  const isGone = remaining === 0
  return (
    <Card activity={activity}>
      {(isOpen) => (
        <>
          <Price sale={activity} />
          <Left left={remaining} total={totalOf(activity)} name={title} />
          <p class="soft">
            {[
              discount > 0 ? say('levelDiscount', { percent: odds(discount / 100) }) : '',
              unitsPerUser === null ? '' : say('perUser', { limit: count(unitsPerUser) }),
              mine && mine.count > 0 ? say('yours', { count: count(mine.count) }) : ''
            ]
              .filter(Boolean)
              .join(' · ') || '\u00a0'}
          </p>
          <div class="actions">
            {most > 1 && <Quantity value={Math.min(quantity, most)} most={most} onChange={setQuantity} />}
            <ActButton act={act} disabled={!isOpen || isGone} onClick={() => act.go(Math.min(quantity, most))}>
              {say(isGone ? 'soldOut' : 'buy')}
            </ActButton>
          </div>
          <Ended act={act} wish={quantity}>
            {({ order }) => (
              <>
                <b>{order.payBy === null ? say('boughtFree') : say('bought', { time: moment(order.payBy) })}</b>
                <p>
                  <a href={linkTo('mine', 'orders')}>{say('toOrders')}</a>
                </p>
              </>
            )}
          </Ended>
        </>
      )}
    </Card>
  )
}
