import { pino } from 'pino'
import t from 'tap'
import { type OperatorCommand, operatorCommand } from '../../src/cli/run/operator.ts'
import { createMetrics } from '../../src/http/running/metrics.ts'
import { buildAdminApp } from '../../src/http/server/admin-app.ts'
import { HealthCheck } from '../../src/http/server/health.ts'
import { aCatalogue } from '../support/http/http-app.ts'
import { ScriptedGate } from '../support/http/scripted-gate.ts'
import { runCli } from '../support/servers/cli.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { config, pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl)
const here = { NAMESPACE: config.NAMESPACE, DATABASE_URL: config.DATABASE_URL }
const operator = (...args: string[]) => runCli(['operator', ...args], here)

let now = Date.now()
const gate = new ScriptedGate()
let queries = 0
const counted = Object.assign(Object.create(pool) as typeof pool, {
  query: (...args: Parameters<typeof pool.query>) => {
    queries += 1
    return pool.query(...args)
  }
})
let log = ''
const logger = pino(
  { level: 'warn' },
  {
    write: (line: string) => {
      log += line
    }
  }
)
const app = await buildAdminApp({
  config,
  gate,
  catalogue: aCatalogue([]),
  pool: counted,
  logger,
  metrics: createMetrics(),
  health: new HealthCheck({ gate, pool }),
  metricsText: async () => '',
  now: () => now
})
t.teardown(() => app.close())

/** How the admin port answers to a token, ten seconds later than before: that long a gateway may remember it. */
async function statusOf(token: string, url = '/admin/v1/campaigns'): Promise<number> {
  now += 10_000
  return (await app.inject({ url, headers: { authorization: `Bearer ${token.trim()}` } })).statusCode
}

t.test('the first operator is made by a command, gets another token, and is shut out', async (t) => {
  const none = await runCli(['doctor'], here)
  t.match(none.out, /FAIL {2}Operators +nobody can use the admin port.*\n.*floodgate operator add NAME --role admin/)
  t.match((await runCli(['migrate'], here)).out, /Nobody can use the admin port yet.*floodgate operator add/)
  t.match(await operator('list'), { code: 0, out: /There is no operator.*operator add NAME/ })

  const added = await operator('add', 'ada', '--role', 'admin', '--reason', 'she runs the shop')
  t.match(added, { code: 0, out: /^[\w-]{43}\n$/, err: /ada \(admin\).*shown this once/ })
  t.equal(await statusOf(added.out), 200)
  t.match((await runCli(['doctor'], here)).out, /ok +Operators +1 can use .*no campaign can pass its review/)

  const rotated = await operator('rotate', 'ada')
  t.equal(await statusOf(rotated.out), 200)
  t.equal(await statusOf(added.out), 401, 'the token before stopped')

  t.match(await operator('revoke', 'ada'), { code: 0, out: /within 10 seconds/ })
  t.equal(await statusOf(rotated.out), 401)
  t.match(await operator('rotate', 'ada'), { code: 1, err: /no operator ada whose token works/ })
  t.equal((await operator('add', 'ada', '--role', 'viewer')).code, 0, 'somebody who came back')

  const { rows } = await pool.query('select operator, action, target, reason from audit order by audit_id')
  const told = (action: string) => ({ operator: /^cli:./, action: `operator.${action}`, target: 'operator:ada' })
  t.match(rows, [
    { ...told('added'), reason: 'she runs the shop' },
    told('rotated'),
    told('revoked'),
    { ...told('added'), reason: null }
  ])
  const stored = await pool.query('select o::text as text from operators o union all select a::text from audit a')
  for (const { out } of [added, rotated]) t.notMatch(JSON.stringify(stored.rows), out.trim(), 'no token is stored')
})

t.test('a service may do what its scopes say, until it expires', async (t) => {
  const scopes = ['--scope', 'orders:read', '--scope', 'tasks:progress']
  const made = await operator('add', 'shop', '--role', 'service', ...scopes, '--expires', '2h', '--json')
  t.match(JSON.parse(made.out), { name: 'shop', role: 'service', scopes: ['orders:read', 'tasks:progress'] })
  const { token, expiresAt } = JSON.parse(made.out) as { token: string; expiresAt: string }
  t.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 7_200_000) < 3_600_000, 'in two hours')
  t.equal(await statusOf(token, '/admin/v1/orders/0-1-1'), 404, 'a scope that it has')
  t.equal(await statusOf(token, '/admin/v1/wins/0-1-1'), 403, 'one that it has not')
  t.equal(await statusOf(token), 403, 'a route for people')
  await pool.query("update operators set expires_at = now() - interval '1 second' where name = 'shop'")
  t.equal(await statusOf(token, '/admin/v1/orders/0-1-1'), 401, 'expired')
  const wanting = { command: 'rotate', name: 'shop' } as const
  await t.rejects(operatorCommand(config, wanting), {
    message: /whose token works/,
    remedy: /If it has expired, say until when: --expires/
  })
  t.match(
    (await operator('list')).out,
    /^ada +viewer +works\nshop +service +expired until .* orders:read,tasks:progress\n$/
  )
})

t.test('guesses of tokens cost neither queries nor log lines, and lock out nobody who has one', async (t) => {
  const ada = (await operator('rotate', 'ada')).out
  t.equal(await statusOf(ada), 200)
  const before = queries
  const guess = (number: number, remoteAddress: string) =>
    app.inject({
      url: '/admin/v1/campaigns',
      headers: { authorization: `Bearer guess-${number}` },
      remoteAddress
    })
  const answers = await Promise.all(Array.from({ length: 500 }, (_, number) => guess(number, '10.0.0.1')))
  const statuses = answers.map(({ statusCode }) => statusCode)
  t.ok(statuses.every((status) => status === 401 || status === 429))
  t.ok(statuses.filter((status) => status === 401).length <= 20, 'some tries')
  t.match(answers.at(-1)?.json(), { code: 'RATE_LIMITED', scope: 'address', retryAfterMs: Number })
  t.ok(queries - before <= 10, `${queries - before} queries for 500 guesses`)
  const lines = log.split('\n').filter((line) => line.includes('a token that nobody has'))
  t.ok(lines.length >= 1 && lines.length < 50, `${lines.length} lines`)
  t.match(JSON.parse(lines[0] ?? ''), { guesses: 1 })
  t.notMatch(log, 'guess-')
  const headers = { authorization: `Bearer ${ada.trim()}` }
  const served = await app.inject({ url: '/admin/v1/campaigns', headers, remoteAddress: '10.0.0.1' })
  t.equal(served.statusCode, 200, 'an operator at the same address')
  t.equal((await guess(1, '10.0.0.2')).statusCode, 401, 'another address')
})

t.test('a command line that makes no sense changes nothing, and says what would', async (t) => {
  const wrong: ReadonlyArray<readonly [OperatorCommand, RegExp]> = [
    [{ command: 'add', name: 'ada', role: 'admin' }, /There is an operator ada/],
    [{ command: 'add', name: 'Ada', role: 'admin' }, /is no name/],
    [{ command: 'add', name: 'ben', role: 'king' }, /--role must be one of viewer, operator, admin, service/],
    [{ command: 'add', name: 'ben', role: 'service' }, /needs at least one --scope/],
    [
      { command: 'add', name: 'ben', role: 'service', scope: ['orders:all'] },
      /no such scope. Scopes are tasks:progress/
    ],
    [{ command: 'add', name: 'ben', role: 'admin', scope: ['orders:read'] }, /--scope goes with --role service/],
    [{ command: 'add', name: 'ben', role: 'admin', expires: 'soon' }, /--expires "soon" is not a time/],
    [{ command: 'revoke', name: 'ben' }, /no operator ben/]
  ]
  for (const [command, message] of wrong) await t.rejects(operatorCommand(config, command), { message })
  const { rows } = await pool.query("select 1 from operators where name not in ('ada', 'shop')")
  t.same(rows, [])
  t.match(await runCli(['operator', 'list'], {}), { code: 1, err: /DATABASE_URL is not set/ })
})
