import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import t from 'tap'
import { createClient } from '../src/client/client.ts'
import { problemTable } from '../src/http/problems/table.ts'
import { launch } from '../src/stack/demo/launch.ts'
import { luckyWeek } from '../src/stack/demo/lucky-week.ts'
import { natsUrlOf } from '../src/stack/stack.ts'
import { startStack } from './support/servers/stack.ts'
import { openSession, saleDefinition } from './support/shop/sale.ts'
import { waitFor } from './support/wait.ts'

const stack = await startStack(t)

function run(example: string, args: readonly string[]): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [join('examples', example), ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let text = ''
  for (const output of [child.stdout, child.stderr])
    output?.on('data', (piece: Buffer) => {
      text += piece
    })
  return { child, said: () => text }
}

t.test('the storefront buys, is told why not, and spins', async (t) => {
  await stack.publish(launch('launch', Date.now()))
  await stack.publish(luckyWeek('lucky-week', Date.now()))
  const shop = async () => {
    const args = [stack.publicUrl, stack.tokenOf('carol'), 'launch/phone', 'lucky-week/wheel']
    const { child, said } = run('storefront.mjs', args)
    const [status] = await once(child, 'close')
    t.equal(status, 0, said())
    return said().split('\n')
  }
  const first = await shop()
  t.match(first[0], /^launch opens in 0 ms/)
  t.match(first[1], /^buy done: \{"id":"\d+-\d+-\d+","campaign":"launch"/)
  t.match(first[2], /^buy Limit reached: 1 is the most/)
  t.match(first[3], /^spin done: \{"id":/)
  const again = await shop()
  t.equal(again[1]?.replace('done before', 'done'), first[1], 'the key in the cart is the same purchase')
})

t.test('the storefront has words for every refusal', async (t) => {
  const { tell } = (await import(pathToFileURL(resolve('examples/storefront.mjs')).href)) as {
    tell: (outcome: object) => string
  }
  const time = '2026-11-11T00:00:00.000Z'
  const limit = { limit: 1, resetsAt: time }
  const members = { opensAt: time, nextOpensAt: time, remaining: 0, mayReopen: true, ...limit }
  const lack = { unit: 'points', balance: 3, required: 10, requires: { level: 2 }, after: ['check-in'] }
  for (const [code, { en }] of Object.entries(problemTable)) {
    const problem = { code, title: en.title, detail: 'in words', ...members, ...lack }
    const said = tell({ outcome: 'refused', code, problem })
    t.match(said, `${en.title}: `)
    t.notMatch(said, /undefined|Invalid|null/, code)
  }
  t.match(tell({ outcome: 'unknown', reason: 'pending', key: 'my-key-1' }), /my-key-1/)
})

interface Handled {
  readonly id: string
  readonly type: string
  readonly data: { readonly order?: string }
}

t.test('the order system pays each order once, though it is killed', async (t) => {
  await stack.publish(
    saleDefinition({ id: 'paid', unitsPerUser: 1, sales: { phone: { sessions: [openSession(40)] } } })
  )
  const buy = async (user: string) => {
    const shop = createClient({ baseUrl: stack.publicUrl, token: stack.tokenOf(user) })
    t.match(await shop.buy('paid', 'phone'), { outcome: 'confirmed' })
  }
  const file = join(t.testdir(), 'handled.ndjson')
  const start = () => run('order-system.mjs', [natsUrlOf(stack.file()), file])
  const handled = (): Handled[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line))
      : []
  const ofType = (type: string) => handled().filter((event) => event.type === type && event.data.order !== undefined)

  await Promise.all(Array.from({ length: 30 }, (_, index) => buy(`early-${index}`)))
  const killed = start()
  await waitFor(() => handled().length > 10, { what: 'some events to be handled' })
  killed.child.kill('SIGKILL')
  await once(killed.child, 'close')
  await Promise.all(Array.from({ length: 10 }, (_, index) => buy(`late-${index}`)))
  const { child, said } = start()
  t.teardown(() => child.kill('SIGKILL'))

  const client = new pg.Client({ connectionString: stack.file().databaseUrl })
  await client.connect()
  t.teardown(() => client.end())
  const inStatus = async (status: string) => {
    const text = "select count(*)::int as n from orders where campaign_id = 'paid' and status = $1"
    return (await client.query(text, [status])).rows[0].n as number
  }
  await waitFor(async () => (await inStatus('paid')) === 40, { what: 'all orders to be paid' })
  const paid = () => new Set(ofType('floodgate.order.paid').map(({ data }) => data.order))
  await waitFor(() => paid().size >= 40, { what: 'all payments to be heard of' })
  // what nobody decided is told too
  const heardOf = (id: string) => handled().some((event) => event.id === id)
  for (const id of ['session.opened:paid:phone:now', 'activity.soldout:paid:phone:now:1'])
    await waitFor(() => heardOf(id), { what: id })
  child.kill('SIGTERM')
  const [status] = await once(child, 'close')
  t.equal(status, 0, said())
  const ids = handled().map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length, 'no event was handled twice')
  t.strictSame(ofType('floodgate.order.refund-due'), [], 'nothing was paid twice')
  t.notMatch(said(), /KEY_REUSED|VALIDATION/)
})
