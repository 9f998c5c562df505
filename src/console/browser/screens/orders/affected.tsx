import { useAsked } from '../../asked.ts'
import type { Change } from '../../parts/ask-reason.tsx'
import { Doings } from '../../parts/doings.tsx'
import { Filters, listPath, Older, Table } from '../../parts/list.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import { queryOf, route } from '../../route.ts'
import type { Order, Page } from '../../shapes.ts'
import { count, money, second } from '../../words.ts'

interface Sum {
  readonly status: string
  readonly orders: number
  readonly units: number
  readonly amount: number
  readonly currency: string
}

type Affected = Page<Order> & {
  readonly summary: readonly Sum[]
  /** older orders were not counted, because there are so many */
  readonly atLeast: boolean
}

const NAMES = ['activity', 'price', 'from', 'to', 'status']
/** one of which a cancellation in bulk has to name, so that nobody cancels a whole sale by leaving a field empty */
const NARROW = ['price', 'from', 'to']
/** what a cancellation in bulk reaches */
const OPEN = ['accepted', 'paid']

function cancelling(id: string, query: URLSearchParams, { summary, atLeast }: Affected): Change[] {
  const given = ['activity', 'from', 'to'].flatMap((name) => {
    const value = query.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  const price = query.get('price')
  const open = summary.filter(({ status, orders }) => OPEN.includes(status) && orders > 0)
  if (open.length === 0 && !atLeast) return []
  const said = open
    .map((one) => `${count(one.orders)} ${one.status} (${money(one.amount, one.currency)})`)
    .join(' and ')
  const told = said === '' ? 'Those among older orders' : atLeast ? `At least ${said}` : said
  return [
    {
      title: 'Cancel them',
      effect: `${told} are cancelled one by one. What was paid becomes due back, and buyers are told. It cannot be taken back.`,
      path: `/campaigns/${encodeURIComponent(id)}/affected-orders/cancellation`,
      body: { ...Object.fromEntries(given), ...(price !== null && { price: Number(price) }) },
      said: ({ job }) => `It has begun: ${(job as { id: string }).id}. Parts lists how far it is.`
    }
  ]
}

function Found({ id, query, answer }: { id: string; query: URLSearchParams; answer: Affected }) {
  const at = `/campaigns/${encodeURIComponent(id)}/affected`
  if (answer.summary.every(({ orders }) => orders === 0) && !answer.atLeast)
    return <Empty>No order is like this.</Empty>
  return (
    <>
      {answer.atLeast && (
        <p class="soft">At least these: there are so many orders that only the newest were counted.</p>
      )}
      <Table figures heads={['status', 'orders', 'units', 'together']}>
        {answer.summary.map((one) => (
          <tr key={`${one.status} ${one.currency}`}>
            <th scope="row">{one.status}</th>
            <td>{count(one.orders)}</td>
            <td>{count(one.units)}</td>
            <td>{money(one.amount, one.currency)}</td>
          </tr>
        ))}
      </Table>
      {NARROW.some((name) => query.has(name)) ? (
        <Doings changes={cancelling(id, query, answer)} />
      ) : (
        <p class="soft">Name a price or a time too, and they can be cancelled together.</p>
      )}
      <Table heads={['order', 'status', 'user', 'price', 'placed']}>
        {answer.items.map((order) => (
          <tr key={order.id}>
            <td>
              <a href={`#/orders/${encodeURIComponent(order.id)}`}>{order.id}</a>
            </td>
            <td>
              <Badge>{order.status}</Badge>
            </td>
            <td>{order.user}</td>
            <td>{money(order.unitPrice, order.currency)}</td>
            <td>{second(order.acceptedAt)}</td>
          </tr>
        ))}
      </Table>
      <Older at={at} query={query} next={answer.nextCursor} />
    </>
  )
}

/** Orders that a wrong price has hit, and their cancellation. */
export function AffectedOrders({ id }: { id: string }) {
  const query = queryOf(route.value)
  const path = `/campaigns/${encodeURIComponent(id)}`
  const isAsked = (query.get('activity') ?? '') !== ''
  const found = useAsked<Affected>(isAsked ? listPath(`${path}/affected-orders`, query, NAMES) : '', 5000)
  return (
    <main>
      <h1>Orders at a wrong price</h1>
      <p class="soft">
        Of <a href={`#${path}`}>{id}</a>. Mend the price first: adjust the activity on its live screen.
      </p>
      <Filters
        at={`${path}/affected`}
        query={query}
        filters={[
          { name: 'activity', label: 'Activity' },
          { name: 'price', label: 'Price, smallest unit' },
          { name: 'from', label: 'Placed from (with offset)' },
          { name: 'to', label: 'and before' }
        ]}
      />
      {isAsked ? (
        <Known asked={found.value}>{(answer) => <Found id={id} query={query} answer={answer} />}</Known>
      ) : (
        <Empty>Say which activity, and at which price or when.</Empty>
      )}
    </main>
  )
}
