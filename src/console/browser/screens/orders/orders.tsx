import { useAsked } from '../../asked.ts'
import { Filters, listPath, Older, Table } from '../../parts/list.tsx'
import { Badge, Empty, Known } from '../../parts/ui.tsx'
import { queryOf, route } from '../../route.ts'
import type { Order, Page } from '../../shapes.ts'
import { count, moment, money, second } from '../../words.ts'

const STATUSES = ['accepted', 'paid', 'shipped', 'returned', 'cancelled', 'expired']
const NAMES = ['campaign', 'activity', 'user', 'status', 'shipBy']

function Row({ order }: { order: Order }) {
  return (
    <tr>
      <td>
        <a href={`#/orders/${encodeURIComponent(order.id)}`}>{order.id}</a>
      </td>
      <td>
        <Badge>{order.status}</Badge>
      </td>
      <td>
        <a href={`#/people?q=${encodeURIComponent(order.user)}`}>{order.user}</a>
      </td>
      <td>
        {order.campaign} / {order.sale}
      </td>
      <td>
        {count(order.quantity)} for {money(order.quantity * order.unitPrice, order.currency)}
      </td>
      <td>{second(order.acceptedAt)}</td>
      <td>{moment(order.shipBy)}</td>
    </tr>
  )
}

/** Orders by campaign, status and user. */
export function Orders() {
  const query = queryOf(route.value)
  const campaign = query.get('campaign')
  const orders = useAsked<Page<Order>>(listPath('/orders', query, NAMES), 5000)
  return (
    <main>
      <div class="row">
        <h1>Orders</h1>
        {campaign !== null && <a href={`#/campaigns/${encodeURIComponent(campaign)}/affected`}>A wrong price?</a>}
      </div>
      <Filters
        at="/orders"
        query={query}
        filters={[
          { name: 'campaign', label: 'Campaign' },
          { name: 'activity', label: 'Activity' },
          { name: 'status', label: 'Status', options: STATUSES },
          { name: 'user', label: 'User' },
          { name: 'shipBy', label: 'To be shipped by (a day)' }
        ]}
      />
      <Known asked={orders.value}>
        {({ items, nextCursor }) =>
          items.length === 0 && nextCursor === null ? (
            <Empty>No order is like this. The newest ones take a second until they are here.</Empty>
          ) : (
            <>
              <Table heads={['order', 'status', 'user', 'of', 'units', 'placed', 'ship by']}>
                {items.map((order) => (
                  <Row key={order.id} order={order} />
                ))}
              </Table>
              <Older at="/orders" query={query} next={nextCursor} />
            </>
          )
        }
      </Known>
    </main>
  )
}
