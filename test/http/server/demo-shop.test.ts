import { test } from 'tap'
import { publicApp } from '../../support/http/http-app.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'
import { openSession, saleDefinition } from '../../support/shop/sale.ts'

const PATHS = [
  'GET /',
  'GET /demo',
  'GET /shop',
  'GET /shop/main.js',
  'POST /demo/token',
  'POST /demo/orders/0-1700000000-7/payment'
]
const production = { FLOODGATE_ENV: 'production', TOKEN_SECRET: '9f86d081884c7d659a2feaa0c55ad015' }
const elsewhere = { TOKEN_JWKS_URL: 'https://issuer.example/keys' }
const DEMO = { DEMO_SHOP: '1' }

const without = {
  'in production': { ...production, ...DEMO },
  'where others sign tokens': { ...elsewhere, ...DEMO },
  'unless it is asked for': {}
}
for (const [where, env] of Object.entries(without)) {
  test(`there is no demo storefront: ${where}`, async (t) => {
    const { app } = await publicApp(t, { env })
    for (const path of PATHS) {
      const [method, url = ''] = path.split(' ')
      const answer = await app.inject({ method: method as 'GET', url, payload: { user: 'alice' } })
      t.equal(answer.statusCode, 404, path)
    }
  })
}

test('in development the public port leads to it', async (t) => {
  const { app } = await publicApp(t, { env: DEMO })
  const root = await app.inject('/')
  t.equal(root.headers.location, '/shop')
  t.equal((await app.inject('/demo')).headers.location, '/shop')
  const page = await app.inject('/shop')
  t.equal(page.statusCode, 200)
  t.match(page.headers, { 'content-type': /^text\/html/, 'content-security-policy': /default-src 'none'/ })
  t.match((await app.inject('/openapi.json')).body, /"\/v1\/orders/)
  t.notMatch((await app.inject('/openapi.json')).body, /\/demo\//, 'it is no part of the contract')
})

test('anybody is signed in under any name that a user can have', async (t) => {
  const { app } = await publicApp(t, { env: DEMO })
  const signIn = (user: string) => app.inject({ method: 'POST', url: '/demo/token', payload: { user } })
  for (const user of ['alice', '小明', 'a b']) {
    const answer = await signIn(user)
    t.match(answer.json(), { user, token: String })
    const mine = await app.inject({
      url: '/v1/campaigns/launch/me',
      headers: { authorization: `Bearer ${answer.json().token}` }
    })
    t.equal(mine.statusCode, 200, user)
  }
  for (const user of ['', '$system', 'a\nb']) {
    const answer = await signIn(user)
    t.match(answer.json(), { status: 400, code: 'VALIDATION' }, JSON.stringify(user))
  }
})

test('an order is paid as an order system would, by its user alone and once', async (t) => {
  const shop = await startMallShop(t)
  await shop.publish(saleDefinition({ id: 'demo', sales: { phone: { sessions: [openSession(5)] } } }))
  const bought = await shop.ask('alice', 'POST /v1/campaigns/demo/sales/phone/orders', { body: { quantity: 2 } })
  t.equal(bought.status, 201)
  const { id } = bought.body.order
  const pay = (user: string) => shop.ask(user, `POST /demo/orders/${id}/payment`)
  t.equal((await pay('bob')).status, 404)
  t.match(await pay('alice'), { status: 201, body: { outcome: 'confirmed', order: { id, status: 'paid' } } })
  const again = await pay('alice')
  t.match(again.headers, { 'idempotent-replayed': 'true' }, 'another click is the same payment')
  t.match((await shop.ask('alice', `GET /v1/orders/${id}`)).body, { status: 'paid' })
  const { rows } = await shop.pool.query('select operator, action from audit where target = $1', [`order:${id}`])
  t.match(rows[0], { operator: 'demo-shop', action: 'order.payment' })
})
