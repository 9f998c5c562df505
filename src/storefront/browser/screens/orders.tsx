import type { Order } from 'floodgate/client'
import { ActButton, Ended } from '../parts/ended.tsx'
import { Countdown, Empty, Fault, Waiting } from '../parts/ui.tsx'
import { count, moment, money, titleOf } from '../shop/format.ts'
import { useAct } from '../shop/intentions.ts'
import { pay } from '../shop/payment.ts'
import { news, useFound } from '../shop/read.ts'
import { client } from '../shop/session.ts'
import { useCampaigns } from '../shop/titles.ts'
import { say } from '../shop/words.ts'

const TONES: Readonly<Partial<Record<Order['status'], string>>> = { accepted: 'watch', paid: 'good', shipped: 'good' }

/** An order: what is to be done about it comes first. */
function OrderCard({ order, title }: { order: Order; title: string }) {
  const { id, quantity, unitPrice, currency, status, payBy, shipBy, acceptedAt } = order
  const paying = useAct(`pay ${id}`, (key) => pay(id, key))
  const leaving = useAct(`cancel ${id}`, (key) => client.value.cancel(id, { key }))
  const amount = money(unitPrice * quantity, currency)
  const isOpen = status === 'accepted'
  return (
    <li class="card">
      <p class="kind">
        <span class={`badge ${TONES[status] ?? ''}`}>{say(`order.${status}`)}</span>
        {isOpen && payBy !== null && (
          <span class="badge watch">
            <Countdown to={payBy} />
          </span>
        )}
      </p>
      <h2>
        {title} {quantity > 1 && `× ${count(quantity)}`}
      </h2>
      <p class="row">
        <span class="soft">{moment(acceptedAt)}</span>
        <b class="figure">{amount}</b>
      </p>
      <p class="soft">
        {isOpen && payBy !== null
          ? say('payBy', { time: moment(payBy) })
          : shipBy && status === 'paid'
            ? say('shipBy', { time: moment(shipBy) })
            : '\u00a0'}
      </p>
      {isOpen && (
        <div class="actions">
          <ActButton act={paying} onClick={() => paying.go(undefined)}>
            {say('pay', { amount })}
          </ActButton>
          <button type="button" class="quiet" disabled={leaving.busy} onClick={() => leaving.go(undefined)}>
            {say('cancel')}
          </button>
        </div>
      )}
      <Ended act={paying} wish={undefined}>
        {() => <b>{say('paidNow')}</b>}
      </Ended>
      <Ended act={leaving} wish={undefined}>
        {() => <b>{say('cancelled')}</b>}
      </Ended>
    </li>
  )
}

export function Orders() {
  const { answer, fault, again } = useFound(() => client.value.orders(), [news.value])
  const campaignOf = useCampaigns()
  return (
    <>
      {fault !== undefined && <Fault fault={fault} again={again} />}
      {answer === undefined && fault === undefined && <Waiting count={2} />}
      {answer?.items.length === 0 && <Empty title={say('noOrders')}>{say('noOrdersNote')}</Empty>}
      <ul class="cards">
        {answer?.items.map((order) => (
          <OrderCard key={order.id} order={order} title={titleOf(campaignOf(order.campaign), order.sale)} />
        ))}
      </ul>
    </>
  )
}
