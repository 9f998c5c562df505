import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { pino } from 'pino'
import t from 'tap'
import { archivePages } from '../../../src/export/archive.ts'
import { fileLines, readWhole } from '../../../src/export/file-lines.ts'
import { storeFinal } from '../../../src/export/report/report.ts'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { buildAdminApp } from '../../../src/http/server/admin-app.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { ensureOperator } from '../../../src/store/operators/operators.ts'
import { ada, openDefinition, setUp } from '../../campaign/at-the-gate.ts'
import { aCatalogue } from '../../support/http/http-app.ts'
import { decisionOf, move } from '../../support/shop/shop.ts'
import { waitFor } from '../../support/wait.ts'

const { campaigns, core, publish, purchase, realGate: gate } = await setUp(t, { KEY_RETENTION: '1' })
const { pool, config } = core
for (const [name, role] of [
  ['ada', 'admin'],
  ['olga', 'operator']
] as const) {
  await ensureOperator(pool, { name, role, token: `token-of-${name}` })
}
const app = await buildAdminApp({
  config,
  gate,
  catalogue: aCatalogue([]),
  pool,
  logger: pino({ level: 'silent' }),
  metrics: createMetrics(),
  health: new HealthCheck({ gate, pool }),
  metricsText: async () => ''
})
t.teardown(() => app.close())

const get = (operator: string, path: string) =>
  app.inject({ url: `/admin/v1${path}`, headers: { authorization: `Bearer token-of-${operator}` } })

t.test('the archive of a campaign is given once it waits for nothing, as the file that its lines make', async (t) => {
  const id = 'over'
  await publish(openDefinition(id))
  const early = await get('ada', `/campaigns/${id}/archive`)
  t.equal(early.statusCode, 409)
  t.match(early.json(), { code: 'CONFLICT', detail: /not settled/, waitsFor: [{ step: 'settlement', left: 1 }] })
  t.equal((await get('ada', '/campaigns/none/archive')).statusCode, 404)
  t.equal((await get('olga', `/campaigns/${id}/archive`)).statusCode, 403)
  t.equal((await get('ada', `/campaigns/${id}`)).json().archive, null)

  const order = decisionOf(await purchase(id, 'ann')).order?.id ?? ''
  const sale = { campaign: id, sale: 'phone', stock: 5 }
  decisionOf(await gate.submit(move({ sale }, 'cancel', { user: 'ann', order, key: 'u:cancel' })))
  await campaigns.end(id, ada)
  t.match((await get('ada', `/campaigns/${id}`)).json().archive.waitsFor[0], { step: 'settlement' })
  await campaigns.settle(id, ada)
  await waitFor(async () => (await campaigns.get(id)).settled, { what: 'the settlement' })
  await storeFinal(pool, id, { ...ada, now: Date.now() })
  // long ago, so that it is final
  await pool.query("update campaigns set rules = jsonb_set(rules, '{endedAt}', '0') where campaign_id = $1", [id])
  const done = async () => (await get('ada', `/campaigns/${id}`)).json().archive.waitsFor.length === 0
  await waitFor(done, { what: 'everything to have passed its last decision' })
  const { decisions } = (await get('ada', `/campaigns/${id}`)).json().archive
  t.ok(decisions >= 3)

  const reply = await get('ada', `/campaigns/${id}/archive`)
  t.match(reply.headers, { 'content-type': 'application/gzip', 'content-disposition': /over\.ndjson\.gz/ })
  let text = ''
  for await (const page of archivePages(pool, { namespace: config.NAMESPACE, campaign: id })) text += page.text
  t.equal(gunzipSync(reply.rawPayload).toString(), text)
  const lines: string[] = []
  const file = await readWhole(fileLines(Readable.from([reply.rawPayload]), 'f'), 'f', (line) => lines.push(line))
  t.equal(file.count, lines.length - 1)
  t.equal(lines.filter((line) => JSON.parse(line).campaign === id).length - 1, decisions)
  const { rows } = await pool.query("select operator from audit where action = 'archive.read' and target = $1", [
    `campaign:${id}`
  ])
  t.same(rows, [{ operator: 'ada' }])
})
