import { useAsked } from '../../asked.ts'
import type { Change } from '../../parts/ask-reason.tsx'
import { Doings } from '../../parts/doings.tsx'
import { Facts, Table } from '../../parts/list.tsx'
import { Badge, Known } from '../../parts/ui.tsx'
import type { Order } from '../../shapes.ts'
import { count, moment, money, second } from '../../words.ts'

interface Noted {
  readonly eventId: string
  readonly at: string
  readonly operator: string | null
  readonly reason: string | null
}

interface FullOrder extends Order {
  readonly payments: ReadonlyArray<
    Noted & {
      readonly amount: number | null
      readonly currency: string | null
      readonly reference: string | null
      readonly accepted: boolean
    }
  >
  readonly refundDue: ReadonlyArray<
    Noted & { readonly amount: number; readonly currency: string; readonly type: string }
  >
  readonly history: ReadonlyArray<{
    readonly eventId: string
    readonly type: string
    readonly at: string
    readonly data: unknown
  }>
}

/** What can be done with an order in a status. */
function changesOf({ id, status, quantity, returned = 0 }: Order): Change[] {
  const path = `/orders/${encodeURIComponent(id)}`
  const changes: Change[] = []
  if (status === 'accepted' || status === 'paid')
    changes.push({
      title: 'Cancel',
      path: `${path}/cancellation`,
      effect:
        status === 'paid'
          ? 'It is paid: its money becomes due back, which other systems are told. Its units can be bought again.'
          : 'Its units can be bought again. It cannot be taken back.'
    })
  if (status === 'paid' || status === 'shipped')
    changes.push({
      title: status === 'paid' ? 'Ship' : 'News of the parcel',
      path: `${path}/shipment`,
      effect: 'The buyer sees it at once.',
      fields: [
        { name: 'carrier', label: 'Carrier', optional: true },
        { name: 'trackingNumber', label: 'Tracking number', optional: true },
        { name: 'state', label: 'Where it is', optional: true }
      ]
    })
  if ((status === 'paid' || status === 'shipped') && returned < quantity)
    changes.push({
      title: 'Take back',
      path: `${path}/return`,
      effect: `Up to ${count(quantity - returned)} of its units come back; what was paid for them becomes due.`,
      fields: [
        { name: 'quantity', label: 'Units: all that are left if empty', kind: 'number', optional: true },
        { name: 'kind', label: 'As', options: ['return', 'exchange'] }
      ]
    })
  return changes
}

function Payments({ order }: { order: FullOrder }) {
  if (order.payments.length === 0) return null
  return (
    <section>
      <h2>Payments</h2>
      <Table heads={['when', 'amount', 'reference', 'by', 'became']}>
        {order.payments.map(({ eventId, at, amount, currency, reference, operator, accepted }) => (
          <tr key={eventId}>
            <td>{second(at)}</td>
            <td>{amount === null ? '–' : money(amount, currency ?? order.currency)}</td>
            <td>{reference ?? '–'}</td>
            <td>{operator ?? '–'}</td>
            <td>{accepted ? <Badge tone="good">counted</Badge> : <Badge tone="watch">due back</Badge>}</td>
          </tr>
        ))}
      </Table>
    </section>
  )
}

/** What was sent with a decision, name by name. */
const sentWith = (data: unknown): string =>
  Object.entries(data ?? {})
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' · ')

function Details({ order }: { order: FullOrder }) {
  const due = order.refundDue.map(({ amount, currency }) => money(amount, currency)).join(', ')
  return (
    <>
      <div class="row">
        <h1>
          Order {order.id} <Badge>{order.status}</Badge>
        </h1>
        <Doings changes={changesOf(order)} />
      </div>
      <Facts
        facts={[
          ['Buyer', <a href={`#/people?q=${encodeURIComponent(order.user)}`}>{order.user}</a>],
          ['Sale', `${order.campaign} / ${order.sale}, ${order.session}`],
          ['Units', `${count(order.quantity)} at ${money(order.unitPrice, order.currency)}`],
          ['Together', money(order.quantity * order.unitPrice, order.currency)],
          ['Placed', second(order.acceptedAt)],
          ['Pay by', moment(order.payBy)],
          ['Ship by', moment(order.shipBy)],
          ['Came back', count(order.returned ?? 0)],
          ['Due back', due || '–']
        ]}
      />
      <Payments order={order} />
      <h2>What was decided</h2>
      <ol class="timeline">
        {order.history.map(({ eventId, type, at, data }) => (
          <li key={eventId}>
            <time dateTime={at}>{second(at)}</time>
            <div>
              <b>{type}</b> <span class="soft">{eventId}</span>
              <p class="soft">{sentWith(data)}</p>
            </div>
          </li>
        ))}
      </ol>
    </>
  )
}

/** An order with its payments and all decisions about it. */
export function OneOrder({ id }: { id: string }) {
  const order = useAsked<FullOrder>(`/orders/${encodeURIComponent(id)}`, 3000)
  return (
    <main>
      <Known asked={order.value}>{(known) => <Details order={known} />}</Known>
    </main>
  )
}
