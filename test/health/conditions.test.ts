import pg from 'pg'
import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { createAuditedGate } from '../../src/campaign/carrying/audited-gate.ts'
import { type ConditionName, conditionTable } from '../../src/health/conditions.ts'
import { ConditionMonitor } from '../../src/health/monitor.ts'
import { HealthCheck } from '../../src/http/server/health.ts'
import { worstOf } from '../../src/http/server/health-of-processes.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { conditionFindings } from '../../src/stack/condition-findings.ts'
import { createPool } from '../../src/store/connection/pool.ts'
import { ensureOperator } from '../../src/store/operators/operators.ts'
import { requestReopening } from '../../src/store/shard/shards.ts'
import { privateServers, testShards, urlsOf } from '../support/servers/servers.ts'
import { buy, insist, preload, startCore } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const servers = await privateServers(t)
/** a journal that few messages fill */
const BOUND = 1024 ** 2
const RUBBISH = 8
const core = await startCore(t, { ...urlsOf(servers), env: { JOURNAL_MAX_BYTES: String(BOUND) } })
const { config, pool } = core
const names = streamNames(config.NAMESPACE)
const sale = { campaign: 'c', sale: 's', stock: 1000 }
const { gate, redis, prefix, connection } = await core.gateway({ replyMs: 2000 })
const health = new HealthCheck({ gate, pool })
let users = 0
/** The next user of the first shard, whose stream and readers are spoilt. */
function nextUser(): string {
  for (;;) {
    const user = `user-${users++}`
    if (shardOf(user, testShards) === 0) return user
  }
}
const buyer = nextUser()
let stopWorker = async () => {}

async function conditionOf(name: ConditionName) {
  const found = (await health.report()).conditions.find((one) => one.name === name)
  if (!found) throw new Error(`There is no condition ${name}`)
  return found
}

const isFalse = (name: ConditionName) =>
  waitFor(async () => !(await conditionOf(name)).ok, { deadlineMs: 240_000, what: `${name} to be false` })

async function allTrue(): Promise<void> {
  const wrong = async () => (await health.report()).conditions.filter(({ ok }) => !ok)
  const what = 'all conditions to be true'
  await waitFor(async () => (await wrong()).length === 0, { deadlineMs: 240_000, what }).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await wrong())}`)
  })
}

/** Sends an order until the gate has taken it, and forgets it: what becomes of it is what is looked at. */
async function order(): Promise<void> {
  const command = buy(sale, nextUser())
  const isTaken = async () => (await gate.submit(command)).kind !== 'unavailable'
  await waitFor(isTaken, { deadlineMs: 240_000, what: 'the gate to take an order' })
}

/** Bounds of a stream as they are changed by hand. */
async function changeStream(name: string, change: object): Promise<void> {
  const jsm = await connection.nc.jetstreamManager()
  const { config: present } = await jsm.streams.info(name)
  await jsm.streams.update(name, { ...present, ...change })
}

async function journalStream(): Promise<string> {
  const { rows } = await pool.query<{ epoch: number }>('select epoch from shards where shard = 0')
  return names.journalStream(0, rows[0]?.epoch ?? 0)
}

t.test('without a worker, an epoch and an operator, no condition that needs them is called true', async (t) => {
  const { conditions } = await health.report()
  const wrong = new Set(conditions.filter(({ ok }) => !ok).map(({ name }) => name))
  for (const { name, sources } of conditionTable) {
    if (sources.some((source) => source === 'owner')) t.ok(wrong.has(name), `${name} is not claimed`)
  }
  for (const name of ['workers', 'opening', 'operators'] as const) t.ok(wrong.has(name), `${name} is false`)
  t.notOk(wrong.has('postgres'))
})

t.test('all true means that an order is confirmed and stored', async (t) => {
  stopWorker = core.worker({ lagMs: 2000 })
  await ensureOperator(pool, { name: 'ann', role: 'admin', token: 'the token of ann' })
  await gate.ready()
  await insist(() => gate.submit(preload(sale)))
  await allTrue()
  const first = buy(sale, buyer)
  t.equal((await insist(() => gate.submit(first))).kind, 'confirmed')
  const stored = async () => (await pool.query('select 1 from orders')).rowCount === 1
  await waitFor(stored, { deadlineMs: 240_000, what: 'the order to be stored' })
})

interface Trouble {
  readonly name: ConditionName
  readonly also?: readonly ConditionName[]
  readonly make: () => Promise<unknown>
  readonly mend: () => Promise<unknown>
  readonly detail: RegExp
}

let lock: pg.Client | undefined

const troubles: readonly Trouble[] = [
  {
    name: 'redis-writable',
    detail: /NOREPLICAS/,
    make: () => redis.config('SET', 'min-replicas-to-write', '1'),
    mend: () => redis.config('SET', 'min-replicas-to-write', '0')
  },
  { name: 'redis', detail: /down/, make: () => servers.redis.kill(), mend: () => servers.redis.restart() },
  { name: 'nats', detail: /down/, make: () => servers.nats.kill(), mend: () => servers.nats.restart() },
  {
    name: 'postgres',
    also: ['projecting', 'workers', 'audit', 'operators', 'reconciliation'],
    detail: /not known: Postgres/,
    make: () => servers.postgres.kill(),
    mend: () => servers.postgres.restart()
  },
  {
    name: 'journal-room',
    detail: /^\d+ % full$/,
    make: async () => {
      const { rows } = await pool.query<{ epoch: number }>('select epoch from shards where shard = 0')
      const subject = names.journalSubject(0, rows[0]?.epoch ?? 0)
      // somebody else's messages: they become dead letters, and take the room all the same
      for (let part = 0; part < RUBBISH; part++) connection.nc.publish(subject, Buffer.alloc(BOUND * 0.1))
      await connection.nc.flush()
    },
    mend: async () => {
      const stream = await journalStream()
      const jsm = await connection.nc.jetstreamManager()
      const { state } = await jsm.streams.info(stream)
      const read = async () => {
        const { rows } = await pool.query<{ reached: boolean }>(
          `select position_sequence >= $1 and exists (
             select 1 from reader_places where shard = 0 and epoch = position_epoch and sequence >= $1) as reached from shards where shard = 0`,
          [state.last_seq]
        )
        return rows[0]?.reached === true
      }
      await waitFor(read, { deadlineMs: 240_000, what: 'both readers to have read them' })
      await jsm.streams.purge(stream)
    }
  },
  {
    name: 'projecting',
    also: ['projection-lag'],
    detail: /ended|stands|opened|not known/,
    make: async () => {
      lock = new pg.Client(`${config.DATABASE_URL}`)
      await lock.connect()
      await lock.query(`set search_path to ${config.NAMESPACE}`)
      await lock.query('begin; lock table decisions in exclusive mode')
      await order()
    },
    mend: async () => lock?.end()
  },
  {
    name: 'events-lag',
    detail: /^\d+ s$/,
    make: async () => {
      await changeStream(names.publicStream, { max_msg_size: 1 })
      await order()
    },
    mend: () => changeStream(names.publicStream, { max_msg_size: -1 })
  },
  {
    name: 'backlog',
    detail: /1 frames wait for the journal, the oldest for \d+ s/,
    make: async () => {
      await changeStream(await journalStream(), { max_msg_size: 1 })
      await order()
    },
    mend: async () => changeStream(await journalStream(), { max_msg_size: -1 })
  },
  {
    name: 'reconciliation',
    detail: /1 differences/,
    make: () => redis.hset(`${prefix}u:${buyer}`, 'n:c', '7'),
    mend: () => requestReopening(pool, 0)
  },
  {
    name: 'audit',
    detail: /1 changes are not audited yet: no audit today/,
    make: async () => {
      await pool.query(`create function no_audit() returns trigger language plpgsql as
        $$ begin raise exception 'no audit today'; end $$`)
      await pool.query('create trigger no_audit before insert on audit for each row execute function no_audit()')
      const submit = createAuditedGate({ gate, pool, logger: core.logger })
      const entry = { operator: 'ann', action: 'user.granted', target: 'user:bob' }
      const command = { ...preload(sale), key: 'x:adj:audit', puts: [], adds: [] }
      await insist(() => submit({ command, entryOf: () => entry }))
    },
    mend: async () => {
      await pool.query('drop trigger no_audit on audit')
      const written = async () => (await pool.query("select 1 from audit where operator = 'ann'")).rowCount === 1
      await waitFor(written, { deadlineMs: 240_000, what: 'the entry to be written after all' })
    }
  },
  {
    name: 'operators',
    detail: /nobody can use/,
    make: () => pool.query('update operators set revoked_at = now()'),
    mend: () => pool.query('update operators set revoked_at = null')
  }
]

for (const { name, also = [], detail, make, mend } of troubles) {
  t.test(`${name} turns false when it is, and true again`, async (t) => {
    await make()
    for (const each of [name, ...also]) {
      await isFalse(each)
      t.pass(each)
    }
    // one that is tried again and again is true for moments, and may be false for another reason before it is for this one
    const isTold = async () => {
      const { conditions } = await health.report()
      const found = conditions.find((one) => one.name === name)
      if (found === undefined || found.ok || !detail.test(found.detail.replace(/^shard 0: /, ''))) return false
      const doctor = await conditionFindings(pool, conditions)
      return name === 'postgres' || doctor.some(({ ok, text }) => !ok && text.startsWith(`${name}: `))
    }
    await waitFor(isTold, { deadlineMs: 240_000, what: `${name} to be told, by the doctor too, as ${detail}` })
    await mend()
    await allTrue()
  })
}

t.test('a database user who may not write the audit trail is named as the reason', async (t) => {
  await pool.query(`create role reader login password 'reader'; grant usage on schema ${config.NAMESPACE} to reader`)
  await pool.query(`grant select on all tables in schema ${config.NAMESPACE} to reader`)
  const url = new URL(config.DATABASE_URL)
  url.username = 'reader'
  url.password = 'reader'
  const reading = createPool({ ...config, DATABASE_URL: url.href }, { max: 1, name: 'reader' })
  t.teardown(() => reading.end())
  const { conditions } = await new HealthCheck({ gate, pool: reading }).report()
  t.match(
    conditions.find(({ name }) => name === 'audit'),
    { ok: false, detail: /may not write/ }
  )
})

t.test('without a worker nobody owns the shard', async () => {
  await stopWorker()
  for (const name of ['workers', 'projecting'] as const) await isFalse(name)
  const isNone = async () => /none/.test((await conditionOf('workers')).detail)
  await waitFor(isNone, { deadlineMs: 240_000, what: 'no worker to be told' })
  // the gate decides all the same
  await waitFor(async () => (await conditionOf('opening')).ok, { deadlineMs: 240_000, what: 'the opening to be true' })
})

t.test('the worst of several processes counts, and the process is named', async (t) => {
  const all = conditionTable.map(({ name }) => ({ name, ok: true, detail: 'well' }))
  const well = { gate: 'ok', journal: 'ok', postgres: 'ok', projection: 'ok' } as const
  const closed = all.map((one) => (one.name === 'opening' ? { ...one, ok: false, detail: 'closed' } : one))
  const worst = worstOf([
    { who: 'one', ...well, conditions: all },
    { who: 'two', ...well, gate: 'closed', conditions: closed }
  ])
  t.match(worst, { gate: 'closed', journal: 'ok' })
  t.strictSame(
    worst.conditions.filter(({ ok }) => !ok),
    [{ name: 'opening', ok: false, detail: 'two: closed' }]
  )
})

t.test('a change raises one alarm, not one a second', async (t) => {
  let now = 0
  const said: string[] = []
  const log = {
    error: (about: object) => said.push(`alarm ${(about as { condition: string }).condition}`),
    info: (about: object) => said.push(`again ${(about as { condition: string }).condition}`)
  }
  const monitor = new ConditionMonitor({ now: () => now, log })
  const say = (ok: boolean, seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      now += 1000
      monitor.observe([{ name: 'redis', ok, detail: '' }])
    }
  }
  say(false, 5)
  say(true, 20)
  t.strictSame(said, [], 'what is false while a process starts is no alarm')
  say(false, 60)
  say(true, 2)
  say(false, 2)
  t.strictSame(said, ['alarm redis'], 'one that flickers is one alarm')
  say(true, 60)
  t.strictSame(said, ['alarm redis', 'again redis'])
  t.match(monitor.observe([{ name: 'redis', ok: true, detail: '' }]), [{ since: now - 59_000 }])
})
