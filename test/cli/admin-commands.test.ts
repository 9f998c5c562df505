import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { oneOrAll } from '../../src/cli/admin/all-open.ts'
import type { AdminCommand } from '../../src/cli/admin/command.ts'
import { adminCommands } from '../../src/cli/admin/commands.ts'
import { refusal, requestOf } from '../../src/cli/admin/run.ts'
import { buyCommand } from '../../src/cli/run/buy.ts'
import { openDefinition } from '../campaign/at-the-gate.ts'
import { aRedemption } from '../campaign/example-kinds.ts'
import { SECRET } from '../support/http/http-app.ts'
import { startMallShop } from '../support/shop/mall-shop.ts'
import { waitFor } from '../support/wait.ts'

const { adminApp, publicApp, config: shopConfig, admin, publish } = await startMallShop(t)
const url = await adminApp.listen({ port: 0 })
const publicUrl = await publicApp.listen({ port: 0 })
const config = { ...shopConfig, FLOODGATE_HOME: '/nowhere', TOKEN_SECRET: SECRET }
const folder = t.testdir()

function fileWith(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

function commandOf(words: string): AdminCommand {
  const found = adminCommands.find(({ group, name }) => `${group} ${name}` === words)
  if (found === undefined) throw new Error(`there is no command ${words}`)
  return found
}

/** Runs `floodgate <words> <args>` as an operator, in this process. */
function run(words: string, args: readonly string[] = [], options: Record<string, unknown> = {}): Promise<string> {
  const { as = 'ada', ...rest } = options
  const token = `token-of-${String(as)}`
  return oneOrAll(config, { command: commandOf(words), args, options: { token, url, reason: 'a test', ...rest } })
}

const json = async (words: string, args: readonly string[] = [], options: Record<string, unknown> = {}) =>
  JSON.parse(await run(words, args, { ...options, json: true }))

const buy = (user: string, key?: string) =>
  buyCommand(config, { place: 'shop/phone', as: user, quantity: 1, key, url: publicUrl }).then(
    (answer) => JSON.parse(answer) as { order: { id: string } }
  )

t.test('each command has a route of the admin port, and what its line names goes there', async (t) => {
  for (const command of adminCommands) {
    const [method = '', template = ''] = command.route.split(' ')
    const paths = template.includes('[') ? [template.replace(/\[.*\]/, ''), template.replace(/[[\]]/g, '')] : [template]
    for (const path of paths) {
      const pattern = `/admin/v1${path.replace(/\?.*/, '').replace('{id}', '{campaign}')}`.replace(/\{(\w+)\}/g, ':$1')
      t.ok(adminApp.hasRoute({ method: method as 'GET', url: pattern }), `${command.group} ${command.name}: ${pattern}`)
    }
  }
  const words = adminCommands.map(({ group, name }) => `${group} ${name}`)
  t.equal(new Set(words).size, words.length)
  const options = { addStock: '-8', session: 'am', limits: '{"unitsPerUser":null}', reason: 'why' }
  t.same(requestOf({ command: commandOf('campaign adjust'), args: ['c', 'a/b'], options }), {
    method: 'PATCH',
    path: '/campaigns/c/activities/a%2Fb',
    body: { addStock: -8, session: 'am', limits: { unitsPerUser: null }, reason: 'why' }
  })
  const requalify = { command: commandOf('user requalify'), args: ['eve'], options: { campaign: 'c', reason: 'a & b' } }
  t.same(requestOf(requalify), { method: 'DELETE', path: '/users/eve/disqualification?campaign=c&reason=a+%26+b' })
  t.throws(() => requestOf({ command: commandOf('campaign adjust'), args: ['c'], options: { price: 'x' } }), {
    message: /--price <n>: "x" is not readable/
  })
})

t.test('a campaign comes to life, is changed and rejected by commands', async (t) => {
  const definition = openDefinition('made', {}, {})
  const file = fileWith('made.json', JSON.stringify(definition))
  t.match(await json('campaign check', [file]), { valid: true })
  t.match(await json('campaign save', [file], { key: 'save-it-once' }), { version: 1 })
  t.match(await json('campaign save', [file], { key: 'save-it-once' }), { version: 1 }, 'the same key')
  await run('campaign submit', ['made', '1'])
  t.match(await json('campaign reject', ['made', '1'], { as: 'ben' }), { state: 'draft' })
  await run('campaign submit', ['made', '1'])
  await t.rejects(run('campaign approve', ['made', '1']), {
    message: /campaign approve was refused: CONFLICT.*another operator/
  })
  await run('campaign approve', ['made', '1'], { as: 'ben' })
  await t.rejects(run('campaign publish', ['made', '2'], { as: 'ben' }), { message: /CONFLICT/ })
  t.match(await json('campaign publish', ['made', '1'], { as: 'ben' }), { outcome: 'confirmed' })
  t.match(await json('campaign preview', ['made', 'phone'], { addStock: '5' }), {
    dryRun: true,
    change: { addStock: 5 }
  })
  t.match(await json('campaign adjust', ['made', 'phone'], { addStock: '5' }), { stock: [{ asked: 5, applied: 5 }] })
  t.match(await run('campaign pause', ['made']), /campaign:\n {2}id: made\n.* {2}state: paused\n/s)
  const told = async (notice: string) => (await json('campaign notice', ['made'], { notice })).campaign.notice
  t.same(await told('{"en":"Back at ten"}'), { en: 'Back at ten' })
  t.equal(await told('null'), null)
  await run('campaign resume', ['made'])
  t.match(await json('campaign end', ['made']), { campaign: { state: 'ended' } })
  t.match(await json('campaign settle', ['made']), { campaign: { state: 'settled' } })
  t.match(await run('campaign list'), /^id +title.*\nmade +.*settled/s)
  await t.rejects(run('campaign save', ['/no/such/file']), { message: /no such file/ })
  await t.rejects(run('campaign save', [fileWith('bad.json', '{"id":')]), { message: /not JSON/ })
})

t.test('orders are bought, found and changed', async (t) => {
  await publish(
    openDefinition('shop', { price: 100, listPrice: 200, requires: { ticket: true } }, {}) as { id: string }
  )
  const [alice, bob] = [await buy('alice', 'a-key-of-alice'), await buy('bob')]
  t.same(await buy('alice', 'a-key-of-alice'), alice, 'the same key buys nothing more')
  await t.rejects(buy('alice'), { message: /LIMIT_REACHED/ })
  const found = async (options: object) =>
    (await json('order find', [], { campaign: 'shop', ...options })).items.map(({ id }: { id: string }) => id)
  await waitFor(async () => (await found({})).length === 2, { what: 'orders to be stored' })
  t.same(await found({}), [bob.order.id, alice.order.id], 'newest first')
  t.same(await found({ user: 'alice' }), [alice.order.id])
  const page = await json('order find', [], { campaign: 'shop', limit: '1' })
  t.same(await found({ cursor: page.nextCursor }), [alice.order.id])
  t.same((await json('order find', [], { limit: '100' })).items.length, 2, 'of all campaigns')

  const paid = { amount: '100', currency: 'CNY', reference: 'pay-1' }
  t.match(await json('order pay', [alice.order.id], paid), { order: { status: 'paid' } })
  await run('order ship', [alice.order.id], { carrier: 'SF', trackingNumber: '1' })
  await run('order return', [alice.order.id], { kind: 'return', quantity: '1' })
  t.match(await json('order cancel', [bob.order.id]), { order: { status: 'cancelled' } })
  await waitFor(async () => (await found({ status: 'returned' })).length === 1, { what: 'the return to be stored' })
  await waitFor(async () => (await found({ status: 'accepted' })).length === 0, {
    what: 'the cancellation to be stored'
  })
  t.same(await found({ shipBy: '2020-01-01T00:00:00Z' }), [])
  t.match(await json('order show', [alice.order.id]), { user: 'alice', status: 'returned' })
  await t.rejects(run('order find', [], { shipBy: 'soon' }), { message: /\/shipBy must be a date/ })
  await t.rejects(run('order find', [], { status: 'lost' }), { message: /VALIDATION/ })
})

t.test('users, pools and units', async (t) => {
  await publish(openDefinition('goods', {}, { activities: [aRedemption({ pool: 'tickets' })] }) as { id: string })
  const codes = fileWith('codes.txt', 'C-1\nC-2\nC-3\n')
  t.match(await json('pool load', ['goods', 'tickets', codes]), { loaded: 3 })
  t.match(await json('pool show', ['goods', 'tickets']), {
    loaded: 3,
    given: 0,
    left: 3,
    batches: [{ operator: 'ada', reason: 'a test', codes: 3 }]
  })
  t.notMatch(await run('pool show', ['goods', 'tickets']), 'C-1')
  await t.rejects(run('pool show', ['goods', 'none']), { message: /NOT_FOUND/ })

  await run('user disqualify', ['eve'], { campaign: 'shop' })
  await t.rejects(buy('eve'), { message: /DISQUALIFIED/ })
  t.match(await json('user requalify', ['eve'], { campaign: 'shop' }), { outcome: 'confirmed' })
  t.match(await buy('eve'), { order: { campaign: 'shop' } }, 'let in again')
  t.match(await json('user timeline', ['eve']), {
    items: [{ type: 'order.accepted' }, { type: 'user.requalified' }, { type: 'user.disqualified' }]
  })
  const { items } = await json('user timeline', ['eve'], { limit: '1' })
  t.match((await json('user find', ['eve'])).items, [{ type: 'user', id: 'eve' }])
  await waitFor(async () => (await json('user find', [items[0].eventId])).items.length === 1, {
    what: 'the order to be stored'
  })
  t.match((await json('user find', [items[0].eventId])).items, [{ type: 'order', user: 'eve', campaign: 'shop' }])
  t.match((await json('user find', ['C-2'])).items, [{ type: 'code', id: null, campaign: 'goods' }])
  t.same((await json('user find', ['nobody'])).items, [])
  t.match(await json('user grant', ['eve'], { campaign: 'goods', unit: 'points', amount: '5' }), {
    outcome: 'confirmed'
  })
  const lines = fileWith('points.csv', 'user,amount,reference\neve,7,r-1\n')
  t.match(await json('units import', ['points', lines]), { accepted: 1 })
  const grants = fileWith('grants.csv', 'user,unit,amount,reference\neve,points,7,g-1\n')
  t.match(await json('campaign grant', ['goods', grants]), { accepted: 1 })
  const calendar = fileWith('cn.json', '{"holidays":["2027-10-01"]}')
  t.match(await json('calendar save', ['cn', calendar]), { version: 1, workdays: [] })
  t.match(await json('calendar show', ['cn']), { holidays: ['2027-10-01'] })
  t.match(await json('win find', [], { campaign: 'goods' }), { items: [], nextCursor: null })
  const { body } = await admin('vera', 'GET /admin/v1/audit?target=user:eve&limit=5')
  t.ok(body.items.some(({ reason }: { reason: string }) => reason === 'a test'))
})

t.test('every campaign that is open is paused at once, and what is refused is told', async (t) => {
  for (const id of ['one', 'two', 'three']) await publish(openDefinition(id, {}, {}) as { id: string })
  await run('campaign pause', ['two'])
  const items = (await json('campaign list', [], { limit: '100' })).items as Array<{ id: string; state: string }>
  const open = items.flatMap(({ id, state }) => (state === 'running' ? [id] : [])).sort()
  t.ok(open.includes('one') && open.includes('three') && !open.includes('two'))
  const all = { all: true, notice: '{"en":"Back at ten"}', reason: 'the payment provider is away' }
  await t.rejects(run('campaign pause', [], { ...all, as: 'vera' }), {
    message: /was refused for \d of \d campaigns:\n.*one: FORBIDDEN/s
  })
  t.same(
    await json('campaign pause', [], { ...all, key: 'stop-all-of-it' }),
    open.map((campaign) => ({ campaign, outcome: 'confirmed', why: '' }))
  )
  t.match(await json('campaign show', ['one']), { state: 'paused', notice: { en: 'Back at ten' } })
  t.match(await json('campaign show', ['two']), { state: 'paused', notice: null }, 'it was paused already')
  t.equal(await run('campaign pause', [], all), 'No campaign was changed.\n')
  await t.rejects(run('campaign pause'), { message: /not clear which/ })
  await t.rejects(run('campaign pause', ['one'], all), { message: /not clear which/ })
})

t.test('what may have been done is not called refused', async (t) => {
  const said = (code: string) => refusal('campaign end', { status: 503, body: { code, detail: 'so it is' } }).message
  t.equal(said('UNKNOWN_OUTCOME'), 'campaign end has no known outcome: UNKNOWN_OUTCOME: so it is')
  t.equal(said('UNAVAILABLE'), 'campaign end was refused: UNAVAILABLE: so it is')
})

t.test('an answer that was lost is asked for again, and what stays unknown is not called refused', async (t) => {
  const running = async () => {
    const items = (await json('campaign list', [], { limit: '100' })).items as Array<{ id: string; state: string }>
    return items.filter(({ id, state }) => state === 'running' && ['lost', 'kept'].includes(id)).length
  }
  for (const id of ['lost', 'kept']) await publish(openDefinition(id, {}, {}) as { id: string })
  t.equal(await running(), 2)
  const { fetch } = globalThis
  /** Loses the next answers about the campaign `lost`, which are given nevertheless. */
  const losing = (most: number) => {
    let lost = 0
    t.intercept(globalThis, 'fetch', {
      value: async (...asked: Parameters<typeof fetch>) => {
        const reply = await fetch(...asked)
        if (!String(asked[0]).endsWith('/lost/pause') || lost >= most) return reply
        lost += 1
        throw new TypeError('fetch failed', { cause: new Error('other side closed') })
      },
      configurable: true
    })
  }
  const pauseAll = (waits: readonly number[]) =>
    oneOrAll(
      config,
      {
        command: commandOf('campaign pause'),
        args: [],
        options: { token: 'token-of-ada', url, reason: 'a test', all: true }
      },
      waits
    )
  losing(1)
  t.match(await pauseAll([0]), /^changed: .*\blost\b/, 'the same key tells that it was paused')
  t.equal(await running(), 0)
  for (const id of ['lost', 'kept']) await run('campaign resume', [id])
  losing(2)
  await t.rejects(pauseAll([0]), {
    message: /has no known outcome for 1 of 2 campaigns:\n {2}lost: its answer was lost/,
    meaning: 'changed: kept'
  })
  t.equal(await running(), 0)
})
