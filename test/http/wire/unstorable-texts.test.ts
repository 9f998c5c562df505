import fc from 'fast-check'
import t from 'tap'
import { ProblemError } from '../../../src/http/problems/problems.ts'
import { createServer } from '../../../src/http/server/server.ts'
import { isStorable, unstorableTexts } from '../../../src/store/connection/storable-text.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'

const unstorable = fc.constantFrom('a\0b', '\0', 'x\ud800', '\udfffy')
const text = fc.oneof(fc.string({ unit: 'binary' }), unstorable)

/** What of a JSON value Postgres would refuse, said the slow way. */
function hasUnstorable(value: unknown): boolean {
  if (typeof value === 'string') return !/^(?:[^\0\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])*$/.test(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, each]) => hasUnstorable(name) || hasUnstorable(each))
}

t.test('every text that Postgres does not store is found, with its place', async (t) => {
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.constant(null),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 4 })
    )
  }))
  fc.assert(fc.property(tree, (value) => unstorableTexts(value).length > 0 === hasUnstorable(value)))
  t.same(unstorableTexts({ a: [{ 'b/~': 'x\0' }], ok: '😀' }), ['/a/0/b~1~0'])
  t.ok(isStorable('券 😀'))
})

t.test('such a text is refused before a route sees it, in body, path and query', async (t) => {
  const app = createServer({ bodyLimitBytes: 1000, tokenBytes: 8192, keepAliveMs: 72_000, proxies: [] })
  let seen = 0
  app.setErrorHandler((error, _request, reply) => {
    const problem = error instanceof ProblemError ? error : undefined
    return reply.code(problem === undefined ? 500 : 400).send(problem?.members ?? {})
  })
  app.post('/things/:name', async () => {
    seen += 1
    return {}
  })
  t.teardown(() => app.close())
  const post = (url: string, payload: object = {}) => app.inject({ method: 'POST', url, payload })
  t.match((await post('/things/a', { reason: 'x\0' })).json(), { errors: [{ pointer: '/reason', detail: /U\+0000/ }] })
  t.equal((await post('/things/a%00b')).statusCode, 400)
  t.equal((await post('/things/a?reason=%00')).statusCode, 400)
  t.equal((await post('/things/a', { deep: [{ 'na\ud800me': 1 }] })).statusCode, 400)
  t.equal(seen, 0)
  t.equal((await post('/things/%E5%88%B8?reason=%F0%9F%98%80', { reason: '😀' })).statusCode, 200)
})

t.test('an operator’s reason that cannot be stored changes nothing', async (t) => {
  const { admin, pool } = await startMallShop(t)
  const before = await pool.query('select count(*)::int as entries from audit')
  for (const path of ['/admin/v1/orders/0-1-1/cancellation', '/admin/v1/users/ann/disqualification']) {
    const body = { campaign: 'mall', reason: 'cut\0off', revokeWins: false, returnQuota: false }
    t.match(await admin('ada', `POST ${path}`, { body }), { status: 400, body: { code: 'VALIDATION' } }, path)
  }
  const imported = { body: 'ivan,1,i-1', type: 'text/csv' }
  t.match(await admin('ada', 'POST /admin/v1/units/points/imports?reason=a%00', imported), { status: 400 })
  t.same((await pool.query('select count(*)::int as entries from audit')).rows, before.rows)
  t.same((await pool.query('select count(*)::int as count from imports')).rows, [{ count: 0 }])
})
