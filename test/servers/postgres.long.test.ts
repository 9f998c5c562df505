import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { HealthCheck } from '../../src/http/server/health.ts'
import { findExecutable } from '../../src/stack/processes/programs.ts'
import { startServer } from '../../src/stack/servers/all.ts'
import { checkSchema, migrate } from '../../src/store/connection/migrate.ts'
import { createPool } from '../../src/store/connection/pool.ts'
import { tookAtMost } from '../support/running/pace.ts'
import { runCli } from '../support/servers/cli.ts'
import { noPooler, startPooler } from '../support/servers/pooler.ts'
import { FaultyProxy } from '../support/servers/proxy.ts'
import { query } from '../support/servers/query.ts'
import { freshNamespace, privateServers, sharedServers, temporaryFolder } from '../support/servers/servers.ts'
import { buy, type Core, insist, preload, startCore } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const servers = await sharedServers(t)
const sale = { campaign: 'c', sale: 's', stock: 1000 }

/** Buys through a new gate of this core until Postgres has the order. */
async function sellsAndStores(t: Test, core: Core, user: string): Promise<void> {
  const { gate } = await core.gateway()
  const published = await insist(() => gate.submit(preload(sale)))
  t.equal(published.kind, 'confirmed')
  const outcome = await insist(() => gate.submit(buy(sale, user)))
  t.equal(outcome.kind, 'confirmed')
  const stored = async () => {
    const found = await core.pool.query('select 1 from orders where user_id = $1', [user]).catch(() => undefined)
    return found?.rowCount === 1
  }
  await waitFor(stored, { deadlineMs: 240_000, what: 'the order to be stored' })
}

/** A role with a password that may do nothing but sign in. @returns its address */
async function aRole(url: string, name: string): Promise<string> {
  await query(url, `create role ${name} login password 'secret'`)
  return url.replace(/\/\/[^@]*@/, `//${name}:secret@`)
}

const commands = ['gateway', 'worker', 'migrate', 'operator list', 'recover', 'reconcile', 'export journal', 'doctor']

t.test('behind a pooler that keeps no sessions nothing starts, and each says why', { skip: noPooler }, async (t) => {
  const NAMESPACE = freshNamespace()
  await migrate(loadConfig({ DATABASE_URL: servers.databaseUrl, NAMESPACE }))
  for (const mode of ['transaction', 'statement'] as const) {
    const DATABASE_URL = await startPooler(t, {
      databaseUrl: servers.databaseUrl,
      mode,
      ignore: 'options,statement_timeout,lock_timeout,idle_in_transaction_session_timeout'
    })
    const env = {
      NAMESPACE,
      REDIS_URL: servers.redisUrl,
      NATS_URL: servers.natsUrl,
      DATABASE_URL,
      TOKEN_SECRET: '0123456789abcdef0123456789abcdef',
      PORT: '0',
      ADMIN_PORT: '0'
    }
    const some = mode === 'statement' ? commands.slice(0, 2) : commands
    const ended = await Promise.all(
      some.map(async (command) => {
        const begun = performance.now()
        return { ...(await runCli(command.split(' '), env)), ms: performance.now() - begun }
      })
    )
    for (const [index, { code, out, err, ms }] of ended.entries()) {
      tookAtMost(t, `${mode}: ${some[index]}, until it has ended`, { ms, boundMs: 5000 })
      t.equal(code, 1, `${mode}: ${some[index]} ends`)
      t.match(out + err, /keeps no sessions/, `${mode}: ${some[index]} says why`)
      t.notMatch(out + err, /\n {4}at /, 'no stack trace')
    }
  }
})

t.test('a pooler in session mode is a Postgres like any other', { skip: noPooler }, async (t) => {
  const databaseUrl = await startPooler(t, { databaseUrl: servers.databaseUrl, mode: 'session' })
  const core = await startCore(t, { ...servers, databaseUrl })
  const stop = core.worker()
  await sellsAndStores(t, core, 'ann')
  t.same((await core.pool.query('show statement_timeout')).rows, [{ statement_timeout: '5s' }])
  await stop()
  core.worker()
  await sellsAndStores(t, core, 'ben')
})

t.test('a schema named like a word of SQL, beside another one of the same role', async (t) => {
  const { postgres } = await privateServers(t, { postgres: true })
  const url = await aRole(postgres.url, 'shop')
  await query(postgres.url, 'create schema "user" authorization shop; create schema other authorization shop')
  const user = loadConfig({ DATABASE_URL: url, NAMESPACE: 'user' })
  const other = loadConfig({ DATABASE_URL: url, NAMESPACE: 'other' })
  t.ok((await migrate(user)).length > 10)
  t.ok((await migrate(other)).length > 10, 'each has tables of its own')
  t.same(await migrate(user), [])
  for (const config of [user, other]) {
    const pool = createPool(config, { max: 1, name: 'test' })
    await checkSchema(pool)
    t.same((await pool.query('select current_schema() as schema')).rows, [{ schema: config.NAMESPACE }])
    await pool.end()
  }
  t.same(await query(postgres.url, 'select setrole from pg_db_role_setting'), [], 'no role and no database is changed')
  t.throws(() => loadConfig({ NAMESPACE: 'pg_shop' }), /NAMESPACE.*pg_shop/)
})

t.test('what a role may not do is said with the statement that lets it', async (t) => {
  const { postgres } = await privateServers(t, { postgres: true })
  const url = await aRole(postgres.url, 'poor')
  const config = loadConfig({ DATABASE_URL: url, NAMESPACE: 'shop' })
  await t.rejects(migrate(config), {
    message: /poor may not make the schema shop /,
    remedy: /create schema "shop" authorization "poor"/
  })
  await migrate(loadConfig({ DATABASE_URL: postgres.url, NAMESPACE: 'shop' }))
  await t.rejects(migrate(config), { message: /The schema shop could not be brought up to date/ })
  const pool = createPool(config, { max: 1, name: 'test' })
  t.teardown(() => pool.end())
  const words = {
    message: /poor may not use the schema shop/,
    remedy: /grant usage on schema "shop" to "poor"/
  }
  await t.rejects(checkSchema(pool), words)
  await query(postgres.url, 'grant usage on schema shop to poor')
  await t.rejects(checkSchema(pool), words)
  await query(postgres.url, 'grant select on all tables in schema shop to poor')
  await t.resolves(checkSchema(pool))
})

/** An authority and a certificate for 127.0.0.1 that it signed. */
function certificates(folder: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  const at = (name: string) => join(folder, name)
  const files = { ca: at('ca.pem'), cert: at('server.pem'), key: at('server.key') }
  const request = (...more: string[]) => {
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...more]
    execFileSync('openssl', args, { stdio: 'pipe' })
  }
  request('-subj', '/CN=test authority', '-keyout', at('ca.key'), '-out', files.ca)
  const signed = ['-addext', 'subjectAltName=IP:127.0.0.1', '-CA', files.ca, '-CAkey', at('ca.key')]
  request('-subj', '/CN=127.0.0.1', ...signed, '-keyout', files.key, '-out', files.cert)
  return files
}

const noOpenssl = findExecutable('openssl') === undefined && 'openssl is not installed'
t.test('TLS, with a certificate of an authority of our own', { skip: noOpenssl }, async (t) => {
  const { postgres } = await privateServers(t, { postgres: true })
  const files = certificates(temporaryFolder(t))
  const { uid, gid } = statSync(postgres.folder)
  const place = (from: string, name: string) => {
    const to = join(postgres.folder, name)
    copyFileSync(from, to)
    chmodSync(to, 0o600)
    chownSync(to, uid, gid)
  }
  place(files.cert, 'server.crt')
  place(files.key, 'server.key')
  await query(postgres.url, 'alter system set ssl = on')
  await query(postgres.url, 'select pg_reload_conf()')
  await waitFor(async () => (await query(postgres.url, 'show ssl'))[0]?.ssl === 'on', {
    deadlineMs: 240_000,
    what: 'TLS to be offered'
  })
  const config = (members: string) => loadConfig({ DATABASE_URL: `${postgres.url}?${members}`, NAMESPACE: 'shop' })
  const trusted = config(`sslmode=verify-full&sslrootcert=${files.ca}`)
  t.ok((await migrate(trusted)).length > 10)
  const pool = createPool(trusted, { max: 1, name: 'test' })
  const { rows } = await pool.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
  await pool.end()
  t.same(rows, [{ ssl: true }])
  await t.rejects(migrate(config('sslmode=require')), { message: /certificate/ }, 'a stranger is not believed')
})

/** A copy that follows, with everything that was committed so far. */
async function standbyOf(t: Test, primary: { readonly url: string; readonly folder: string }) {
  const folder = temporaryFolder(t)
  const data = join(folder, 'postgres')
  execFileSync('pg_basebackup', ['-d', primary.url, '-D', data, '-R', '-X', 'stream', '-c', 'fast'], { stdio: 'pipe' })
  const { uid, gid } = statSync(primary.folder)
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${uid}:${gid}`, data])
  copyFileSync(`${primary.folder}.password`, `${data}.password`)
  const standby = await startServer('postgres', { folder, fsync: false, endWithLauncher: true })
  t.teardown(() => standby.stop(2000))
  const [{ place } = {}] = await query(primary.url, 'select pg_current_wal_lsn() as place')
  const follows = `select pg_last_wal_replay_lsn() >= '${place}'::pg_lsn as reached`
  await waitFor(async () => (await query(standby.url, follows))[0]?.reached === true, {
    deadlineMs: 240_000,
    what: 'the standby to follow'
  })
  return standby
}

const portOf = (url: string) => Number(new URL(url).port)
const noCopy = findExecutable('pg_basebackup') === undefined && 'pg_basebackup is not installed'
t.test('a fail-over to a standby: told while it is one, used when it is promoted', { skip: noCopy }, async (t) => {
  const { postgres } = await privateServers(t, { postgres: true })
  const proxy = new FaultyProxy({ host: '127.0.0.1', port: portOf(postgres.url) })
  const url = new URL(postgres.url)
  url.port = String(await proxy.listen())
  t.teardown(() => proxy.close())
  const core = await startCore(t, { ...servers, databaseUrl: url.href })
  core.worker()
  await sellsAndStores(t, core, 'ann')
  const standby = await standbyOf(t, postgres)
  const { gate } = await core.gateway()
  const health = new HealthCheck({ gate, pool: core.pool })
  const ofPostgres = async () => (await health.report()).conditions.find(({ name }) => name === 'postgres')

  await postgres.kill()
  proxy.retarget({ host: '127.0.0.1', port: portOf(standby.url) })
  await waitFor(async () => /standby/.test((await ofPostgres())?.detail ?? ''), {
    deadlineMs: 240_000,
    what: 'the standby to be told'
  })
  t.equal((await ofPostgres())?.ok, false)
  await query(standby.url, 'select pg_promote()')
  await sellsAndStores(t, core, 'ben')
  await waitFor(async () => (await ofPostgres())?.ok === true, { deadlineMs: 240_000, what: 'Postgres to be well' })
})
