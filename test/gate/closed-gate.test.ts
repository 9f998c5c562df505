import { pino } from 'pino'
import t from 'tap'
import { UnavailableError } from '../../src/base/errors.ts'
import { RedisCallError } from '../../src/gate/redis/caller.ts'
import { watchOpening } from '../../src/gate/redis/epoch-watch.ts'
import { createDecider } from '../../src/gate/shard/decider.ts'
import { createReader } from '../../src/gate/shard/reader.ts'
import { createRouter } from '../../src/gate/shard/router.ts'
import type { ShardRow } from '../../src/store/shard/shards.ts'
import { buy } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const row: ShardRow = {
  shard: 0,
  epoch: 7,
  state: 'open',
  replid: 'r',
  shas: { gate: 'sha' },
  ownerTerm: 1,
  position: { epoch: 7, sequence: 0 },
  waitingFor: ''
}

interface Line {
  readonly level: number
  readonly alarm?: string
  readonly reason?: string
}

function logOf(lines: Line[]) {
  return pino({ level: 'info' }, { write: (text: string) => lines.push(JSON.parse(text) as Line) })
}

t.test('a gate that is closed from the start is looked for at growing intervals', async (t) => {
  let reads = 0
  const started = performance.now()
  const watch = watchOpening({
    read: async () => {
      reads += 1
      return { ...row, state: 'closed' }
    },
    probe: async () => true,
    logger: logOf([])
  })
  t.teardown(() => watch.stop())
  await waitFor(() => reads >= 8, { what: 'eight looks' })
  // a timer is never early: 25, 50, 100, 200 and three times 300 ms; on a slow machine it is more
  t.ok(performance.now() - started > 1000, 'eight looks take more than a second')
})

t.test('a Redis that refuses is one alarm for as long as it lasts, whichever call meets it', async (t) => {
  const lines: Line[] = []
  let fault: RedisCallError | undefined
  let probes = 0
  let reads = 0
  const watch = watchOpening({
    read: async () => {
      reads += 1
      return row
    },
    probe: async () => {
      probes += 1
      if (fault) throw fault
      return true
    },
    logger: logOf(lines)
  })
  t.teardown(() => watch.stop())
  await watch.ready()
  for (const code of ['READONLY', 'OOM']) {
    const before = lines.filter(({ alarm }) => alarm === 'REDIS_REFUSES').length
    const readsBefore = reads
    fault = new RedisCallError('refused', `${code} not now`)
    for (let call = 0; call < 20; call += 1) watch.invalidate(fault)
    t.equal(watch.current(), undefined, 'closed')
    t.equal(watch.reason(), `${code} not now`)
    const probesBefore = probes
    await waitFor(() => probes > probesBefore + 2, { what: 'some looks' })
    t.equal(reads, readsBefore, 'Postgres is not asked for what it cannot help')
    fault = undefined
    await waitFor(() => watch.current() !== undefined, { what: 'the gate to be open again' })
    t.equal(watch.reason(), '')
    t.equal(lines.filter(({ alarm }) => alarm === 'REDIS_REFUSES').length, before + 1, 'one line')
  }
})

t.test('a gate whose epoch is over follows the next one', async (t) => {
  let alive = 'sha'
  const watch = watchOpening({
    read: async () => ({ ...row, epoch: alive === 'sha' ? 7 : 8, shas: { gate: alive } }),
    probe: async ({ sha }) => sha === alive,
    logger: logOf([])
  })
  t.teardown(() => watch.stop())
  await watch.ready()
  alive = 'next'
  watch.invalidate('CLOSED')
  await waitFor(() => watch.current()?.epoch === 8, { what: 'the next opening' })
})

for (const [how, tell] of [
  ['is told', 'hurry'],
  ['meets a journal that takes nothing', 'doubt'],
  ['hears nothing', undefined]
] as const) {
  t.test(`a Redis that was given up and answers still decides no more once a gateway ${how}`, async (t) => {
    let [newest, knowsNewest, isPostgresAway, asked] = [7, false, true, 0]
    const watch = watchOpening({
      read: async () => {
        if (newest === 8) asked += 1
        if (isPostgresAway && newest === 8) throw new Error('Postgres is away')
        return { ...row, epoch: newest, shas: { gate: `sha-${newest}` } }
      },
      probe: async ({ epoch }) => {
        if (epoch === 8 && !knowsNewest) throw new RedisCallError('noscript', 'NOSCRIPT')
        return true
      },
      logger: logOf([])
    })
    t.teardown(() => watch.stop())
    await watch.ready()
    watch.hurry()
    watch.doubt()
    t.equal(watch.current()?.epoch, 7, 'its own opening is no reason')
    newest = 8
    if (tell) watch[tell]()
    await waitFor(() => asked > 0, { what: 'a question to Postgres' })
    t.equal(watch.current()?.epoch, 7, 'without Postgres nobody can tell')
    isPostgresAway = false
    await waitFor(() => watch.current() === undefined, { what: 'the gate to be closed' })
    t.match(watch.reason(), /was opened again, as 8|NOSCRIPT/)
    knowsNewest = true
    await waitFor(() => watch.current()?.epoch === 8, { what: 'the next opening' })
  })
}

t.test(
  'a Redis that does not know the newest opening for a while is suspected, one that is being opened is not',
  async (t) => {
    let [isOpen, knows, looks, suspected] = [false, false, 0, 0]
    const watch = watchOpening({
      read: async () => {
        looks += 1
        return isOpen ? row : { ...row, state: 'closed' }
      },
      probe: async () => {
        if (!knows) throw new RedisCallError('noscript', 'NOSCRIPT')
        return true
      },
      onStranger: () => {
        suspected += 1
        knows = true
      },
      logger: logOf([])
    })
    t.teardown(() => watch.stop())
    await waitFor(() => looks >= 7, { what: 'more than a second' })
    t.equal(suspected, 0, 'nobody says that it is open')
    isOpen = true
    await watch.ready()
    t.equal(suspected, 1)
    t.equal(watch.current()?.epoch, row.epoch)
  }
)

t.test('a gate that is not connected yet decides nothing and reads nothing', async (t) => {
  const router = createRouter({ connected: undefined }, 1)
  const outcome = await createDecider(router).submit(buy({ campaign: 'c', sale: 's' }, 'ann'))
  t.same(outcome, { kind: 'unavailable', reason: 'the gate is not connected yet', retryAfterMs: 1000 })
  const reader = createReader(router)
  const reads: ReadonlyArray<() => Promise<unknown>> = [
    () => reader.ordersOf('ann'),
    () => reader.orderOf('ann', '0-7-1'),
    () => reader.fieldsOf('ann', []),
    () => reader.lookup('ann', 'u:key'),
    () => reader.ownerOf('0-7-1'),
    () => reader.read(['c:c'])
  ]
  for (const read of reads) await t.rejects(read(), UnavailableError)
})
