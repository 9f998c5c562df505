import pg from 'pg'
import t from 'tap'
import { createClient } from '../../src/client/client.ts'
import { startStack } from '../support/servers/stack.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'

const BUYERS = 400
const STOCK = 300
const KILLS = [40, 120, 200]

const stack = await startStack(t)

t.test('each intention is decided once and its client knows how, while gateways are killed', async (t) => {
  await stack.publish(
    saleDefinition({ id: 'killed', unitsPerUser: 1, sales: { phone: { sessions: [openSession(STOCK)] } } })
  )
  let confirmed = 0
  const buy = async (user: string) => {
    const shop = createClient({
      baseUrl: stack.publicUrl,
      token: stack.tokenOf(user),
      attemptMs: 3000,
      deadlineMs: 240_000
    })
    // a page that was closed and opened again: two clients, one intention
    const outcomes = await Promise.all([1, 2].map(() => shop.buy('killed', 'phone', { key: `intention-of-${user}` })))
    if (outcomes.some(({ outcome }) => outcome === 'confirmed')) confirmed += 1
    return { user, outcomes }
  }
  const watching = createClient({ baseUrl: stack.publicUrl })
  let left: number | null | undefined
  const states: string[] = []
  const stop = watching.live(
    'killed',
    ({ activities: [phone] }) => {
      left = phone?.kind === 'sale' ? phone.remaining : undefined
    },
    { onState: (state) => states.push(state) }
  )
  t.teardown(stop)
  await waitFor(() => left === STOCK, { what: 'the first figures' })
  const all = Promise.all(Array.from({ length: BUYERS }, (_, index) => `buyer-${index}`).map(buy))
  for (const sold of KILLS) {
    await waitFor(() => confirmed >= sold, { what: `${sold} confirmed orders` })
    const pid = stack.kill('gateway')
    await waitFor(() => stack.isReplaced('gateway', pid), { what: 'another gateway' })
  }
  const ends = await all
  t.strictSame(
    ends.filter(({ outcomes }) => outcomes.some(({ outcome }) => outcome === 'unknown')),
    [],
    'every client learned its outcome'
  )
  const told = new Map(
    ends.flatMap(({ user, outcomes }) =>
      outcomes.flatMap((one) => (one.outcome === 'confirmed' ? [[user, one.order.id] as const] : []))
    )
  )
  t.ok(told.size > 200 && told.size <= STOCK, `${told.size} were sold`)
  await waitFor(() => left === STOCK - told.size, { what: 'the last figures, over every gateway that was killed' })
  t.ok(states.includes('waiting'), states.join(' '))
  for (const { user, outcomes } of ends) {
    // a refusal binds nobody, so the other client may have been confirmed later
    const ids = new Set(outcomes.flatMap((one) => (one.outcome === 'confirmed' ? [one.order.id] : [])))
    t.ok(ids.size <= 1, `${user} was told of one order`)
  }

  const client = new pg.Client({ connectionString: stack.file().databaseUrl })
  await client.connect()
  t.teardown(() => client.end())
  const stored = async () =>
    (await client.query('select order_id, user_id from orders where campaign_id = $1', ['killed'])).rows as Array<{
      order_id: string
      user_id: string
    }>
  await waitFor(async () => (await stored()).length >= told.size, { what: 'the orders to be stored' })
  const rows = await stored()
  t.strictSame(rows.map((row) => `${row.user_id} ${row.order_id}`).sort(), [...told].map((one) => one.join(' ')).sort())
})
