import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { pino } from 'pino'
import t from 'tap'
import { archiveCommand } from '../../src/cli/admin/archive.ts'
import { exportCommand } from '../../src/cli/run/export.ts'
import { createMetrics } from '../../src/http/running/metrics.ts'
import { buildAdminApp } from '../../src/http/server/admin-app.ts'
import { HealthCheck } from '../../src/http/server/health.ts'
import { ensureOperator } from '../../src/store/operators/operators.ts'
import { findDecision } from '../../src/store/reading/orders.ts'
import { aCatalogue } from '../support/http/http-app.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { makeFinal, openArchiveShop, openCampaign, takePart } from '../support/shop/archive-shop.ts'

const shop = await openArchiveShop(t, await sharedServers(t))
const { core, gate } = shop
const { pool } = core
await ensureOperator(pool, { name: 'ada', role: 'admin', token: 'token-of-ada' })
const app = await buildAdminApp({
  config: core.config,
  gate,
  catalogue: aCatalogue([]),
  pool,
  logger: pino({ level: 'silent' }),
  metrics: createMetrics(),
  health: new HealthCheck({ gate, pool }),
  metricsText: async () => ''
})
t.teardown(() => app.close())
const url = await app.listen({ port: 0 })
const config = { ...core.config, FLOODGATE_HOME: '/nowhere' }
const folder = t.testdir()
const file = (name: string) => join(folder, name)

/** What a command writes to the standard output. */
async function said(run: () => Promise<unknown>): Promise<string> {
  const write = t.capture(process.stdout, 'write', () => true)
  try {
    await run()
  } finally {
    write.restore()
  }
  return write()
    .map(({ args: [text] }) => String(text))
    .join('')
}

const archive = (campaign: string, options: { output: string; dryRun?: boolean }) =>
  said(() => archiveCommand(config, campaign, { url, token: 'token-of-ada', reason: 'a test', ...options }))

const get = async (path: string) => {
  const reply = await app.inject({ url: `/admin/v1${path}`, headers: { authorization: 'Bearer token-of-ada' } })
  return { status: reply.statusCode, body: reply.json() }
}

const users = Array.from({ length: 20 }, (_, nth) => `user-${nth}`)
for (const id of ['past', 'other']) {
  await openCampaign(shop, id)
  await takePart(shop, id, users)
}

t.test('a campaign that is not final is not archived, and a dry run says what it waits for', async (t) => {
  const output = file('past.ndjson.gz')
  t.match(await archive('past', { output, dryRun: true }), /past is running: only a campaign that has ended/)
  await t.rejects(archive('past', { output }), { message: /CONFLICT.*not settled/, meaning: /Nothing/ })
  await t.rejects(archive('none', { output }), { message: /NOT_FOUND/ })
  t.same(readdirSync(folder), [], 'no file, and no part of one')
})

t.test('an answer that breaks off leaves no file', async (t) => {
  const known = JSON.stringify({ state: 'settled', archive: { waitsFor: [], decisions: 9 } })
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/archive') !== true) return void response.end(known)
    response.writeHead(200, { 'transfer-encoding': 'chunked' })
    response.write(gzipSync('{"format":'), () => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const options = { output: file('cut.ndjson.gz'), url: `http://127.0.0.1:${port}`, token: 'any' }
  await t.rejects(archiveCommand(config, 'cut', options), { code: 'command-failed', meaning: /nothing was removed/ })
  t.same(readdirSync(folder), [])
})

t.test('a campaign is archived by a command, and again by the same one', async (t) => {
  const output = file('past.ndjson.gz')
  await makeFinal(shop, 'past')
  const plan = await archive('past', { output, dryRun: true })
  t.match(plan, /would write \d+ decisions.*20 users.*cannot be taken back.*can be done now/s)
  t.notOk(existsSync(output))

  writeFileSync(output, 'something else')
  await t.rejects(archive('past', { output }), { code: 'command-failed', message: /no journal/ })
  const other = file('of-past.ndjson.gz')
  t.match(await archive('past', { output: other }), /past is archived. Keep /)
  const written = readFileSync(other)
  t.match(await archive('past', { output: other }), /past is archived/, 'with the file that is there')
  t.same(readFileSync(other), written)
  t.notOk(existsSync(`${other}.part`))
  await t.rejects(archive('other', { output: other }), { code: 'command-failed', message: /the archive of past/ })
  await t.rejects(archive('past', { output: file('new.gz') }), { message: /CONFLICT/ }, 'there is nothing to write')
  t.match(await archive('past', { output, dryRun: true }), /archived already/)
})

t.test('what was archived is exported from its file, and who asks for it is told where it is', async (t) => {
  const from = file('of-past.ndjson.gz')
  const output = file('exported')
  const options = { what: 'journal', campaign: 'past', output } as const
  const last = gunzipSync(readFileSync(from)).toString().trimEnd().split('\n').at(-1) ?? ''
  const { sha256 } = JSON.parse(last)
  await t.rejects(exportCommand(config, options), { message: /past is archived/, meaning: new RegExp(sha256) })
  writeFileSync(file('cut.gz'), readFileSync(from).subarray(0, 200))
  await t.rejects(exportCommand(config, { ...options, archive: [file('cut.gz')] }), { code: 'command-failed' })
  await exportCommand(config, { ...options, archive: [from] })
  const decisionsOf = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .filter((line) => line.includes('"campaign":"past","activity"'))
  const own = decisionsOf(gunzipSync(readFileSync(from)).toString())
  t.ok(own.length > 20)
  t.same(decisionsOf(readFileSync(output, 'utf8')), own)
  await exportCommand(config, { what: 'events', campaign: 'past', output, archive: [from] })
  t.ok(readFileSync(output, 'utf8').trimEnd().split('\n').length > 20)

  const archived = [{ campaign: 'past', sha256 }]
  t.equal(await findDecision(pool, 'user-1', 'u:past-user-1'), undefined, 'GET /v1/requests/{key} is 404')
  t.match((await get('/campaigns/past/state')).body, { code: 'CONFLICT' })
  const timeline = await get('/users/user-1/timeline')
  t.match(timeline.body, { items: [{ campaign: 'other' }], archived })
  t.match((await get('/users/user-1/timeline?campaign=other')).body.archived, [])
  t.match((await get('/users/user-1/timeline?campaign=past')).body, { items: [], archived })
  const { rows } = await pool.query("select order_id from orders where campaign_id = 'past' limit 1")
  t.match((await get(`/orders/${rows[0]?.order_id}`)).body, { history: [], archived: archived[0] })
})
