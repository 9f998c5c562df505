import t from 'tap'
import { recordAudits } from '../../../src/store/operators/audit.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'

const { admin, adminApp, pool } = await startMallShop(t)
const COUNT = 1001
const entry = { operator: 'olga', action: 'campaign.noted', target: 'campaign:first' }
await recordAudits(
  pool,
  Array.from({ length: COUNT }, (_, nth) => ({ ...entry, reason: `nth ${nth}`, after: { nth } }))
)
await recordAudits(pool, [{ ...entry, operator: 'ben', reason: '=1+1', target: 'campaign:other', before: { a: '"' } }])

const file = (query: string, operator = 'vera') =>
  adminApp.inject({ url: `/admin/v1/audit?${query}`, headers: { authorization: `Bearer token-of-${operator}` } })

t.test('all of it is a file of lines, newest first', async (t) => {
  const { headers, body } = await file('format=ndjson')
  t.match(headers, { 'content-type': 'application/x-ndjson', 'content-disposition': /filename="audit\.ndjson"/ })
  const entries = body.trim().split('\n')
  t.equal(entries.length, COUNT + 1, 'more than are read at once')
  const [newest, second] = entries.map((line) => JSON.parse(line))
  t.same([newest, second], (await admin('vera', 'GET /admin/v1/audit?limit=2')).body.items, 'as in a page')
  t.match(newest, { operator: 'ben', before: { a: '"' }, after: null })
  t.match(JSON.parse(entries.at(-1) ?? ''), { reason: 'nth 0', after: { nth: 0 } })
  const numbers = entries.map((line) => JSON.parse(line).id)
  t.same(
    numbers,
    numbers.toSorted((a, b) => b - a)
  )
})

t.test('or a table, of which a spreadsheet runs nothing', async (t) => {
  const { headers, body } = await file('format=csv&operator=ben')
  t.match(headers, { 'content-type': /^text\/csv/ })
  const [head, line, end] = body.split('\r\n')
  t.equal(head, 'id,at,operator,action,target,reason,before,after')
  t.match(line, /^\d+,\d{4}-[^,]*Z,ben,campaign\.noted,campaign:other,'=1\+1,"\{""a"":""\\""""\}",$/)
  t.equal(end, '')
  const ofTarget = (await file('format=csv&target=campaign:first')).body
  t.equal(ofTarget.trim().split('\r\n').length, COUNT + 1)
  t.equal((await file('format=csv&target=campaign:none')).body.trim(), head)
})

t.test('a file has no pages, and is for operators', async (t) => {
  t.match(await admin('vera', 'GET /admin/v1/audit?format=csv&limit=5'), {
    status: 400,
    body: { errors: [{ pointer: '/limit' }] }
  })
  t.match(await admin('vera', 'GET /admin/v1/audit?format=xml'), { status: 400 })
  t.equal((await file('format=csv', 'nobody')).statusCode, 401)
  t.equal((await file('format=csv', 'counter')).statusCode, 403)
})
