import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import type { LoanCommand } from '../../src/gate/batch/commands.ts'
import { lend, receive } from '../../src/gate/batch/loans.ts'
import { parseWish, type Wish } from '../../src/gate/shard/wishes.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { elsewhereKey } from '../../src/record/keys.ts'
import { shardsEnv, sharedServers, type Teardown } from '../support/servers/servers.ts'
import { buy, insist } from '../support/shop/core.ts'
import { openActivity, takePart } from '../support/shop/participation.ts'
import { assertFolded, bought, decisionOf, move, openShop, rawCall, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 3
const numbers = Array.from({ length: COUNT }, (_, shard) => shard)
const urls = await sharedServers(t)
const item = { key: 's:c:s', field: 'am:remaining' }

/** A sale of ten units in each shard, and no worker: nothing but what a test asks for moves units. */
async function openShards(test: Teardown, stock = 10): Promise<Shop> {
  const shop = await openShop(test, { ...urls, env: { ...urls.env, ...shardsEnv(COUNT) } }, { stock })
  await shop.stopWorker()
  return shop
}

/** The parts of one shard. */
function at(shop: Shop, shard: number): Shop {
  const part = shop.shards[shard]
  if (part === undefined) throw new Error(`There is no shard ${shard}`)
  return { ...shop, ...part }
}

/** The nth user of a shard. */
function userOf(shard: number, nth = 0): string {
  const users = Array.from({ length: 40 * (nth + 1) }, (_, n) => `buyer-${n}`)
  return users.filter((user) => shardOf(user, COUNT) === shard)[nth] ?? ''
}

/** A loan between two shards, meant for the openings of now. */
async function loanOf({ gate }: Shop, from: number, to: number) {
  const [lender, borrower] = [await gate.look(from, [item]), await gate.look(to, [item])]
  const loan = { loan: randomUUID(), campaign: 'c', ...item, from, to }
  const under = ({ opening, time }: typeof lender) => ({ opening, notAfter: time + 600_000 })
  return {
    loan,
    lend: (asked: number) => lend({ ...loan, ...under(lender), asked }),
    receive: (amount: number) => receive({ ...loan, ...under(borrower), amount })
  }
}

const moved = async ({ gate }: Shop, command: LoanCommand) =>
  Math.abs(decisionOf(await insist(() => gate.submit(command))).applied?.[0] ?? Number.NaN)

async function left({ gate }: Shop): Promise<unknown[]> {
  return Promise.all(numbers.map(async (shard) => (await gate.look(shard, [item])).units[0]))
}

async function stockOf(shop: Shop, shard: number, counter: string): Promise<number> {
  return Number(await shop.redis.hget(`${at(shop, shard).prefix}s:c:s`, `am:${counter}`))
}

t.test('a loan takes at once what is left, and gives it once it is journaled, with the total', async (t) => {
  const shop = await openShards(t)
  const one = await loanOf(shop, 0, 1)
  t.equal(await moved(shop, one.lend(7)), 7)
  t.same(await left(shop), [3, 10, 10], 'it is with nobody')
  t.match(await shop.gate.submit(one.lend(7)), { kind: 'confirmed', replayed: true, decision: { applied: [-7] } })
  t.match(await shop.gate.submit(one.lend(6)), { kind: 'refused', code: 'KEY_REUSED' })
  t.match(await shop.gate.submit(one.receive(7)), { kind: 'confirmed', decision: { type: 'stock.received' } })
  t.match(await shop.gate.submit(one.receive(7)), { kind: 'confirmed', replayed: true })
  await waitFor(async () => (await left(shop))[1] === 17, { what: 'the units to come' })
  t.same([await stockOf(shop, 0, 'total'), await stockOf(shop, 1, 'total')], [3, 17])
  const rest = await loanOf(shop, 0, 2)
  t.equal(await moved(shop, rest.lend(5)), 3, 'at most what is left')
  const none = await loanOf(shop, 0, 2)
  t.equal(await moved(shop, none.lend(5)), 0)
  t.same(await left(shop), [0, 17, 10])
})

t.test('what was meant for another opening, or for earlier, is not decided, a replay neither', async (t) => {
  const shop = await openShards(t)
  const { lend } = await loanOf(shop, 0, 1)
  const { time } = await shop.gate.look(0, [])
  t.match(await shop.gate.submit({ ...lend(2), opening: lend(2).opening - 1 }), { kind: 'unavailable' })
  t.match(await shop.gate.submit({ ...lend(2), notAfter: time - 1 }), { kind: 'unavailable' })
  t.same(await left(shop), [10, 10, 10])
  t.equal(await moved(shop, lend(2)), 2)
  t.match(await shop.gate.submit({ ...lend(2), notAfter: time - 1 }), { kind: 'unavailable' })
})

t.test('how many are left elsewhere decides between "sold out", "unavailable" and "lacks"', async (t) => {
  const shop = await openShards(t, 1)
  const asked = (user: string, quantity: number) =>
    rawCall(shop, [buy(shop.sale, user, { quantity })]).then(({ replies: [reply] }) => reply)
  const user = userOf(0)
  const lacks = { kind: 'lacks', item, missing: 2 }
  t.same(await asked(user, 3), lacks, 'nothing is known')
  const { opening, time } = await shop.gate.look(0, [])
  const fact = (units: number | 'unknown', seen: number, under = opening) =>
    shop.gate.writeFact(0, { opening: under, item, units, seen })
  await fact(0, time, opening + 1).catch(() => {})
  t.same(await asked(user, 3), lacks, 'a fact of another opening is none')
  // the second that a fact holds is long where the machine is slow: all is asked in one call
  const both = async (units: number | 'unknown', seen: number) =>
    (
      await rawCall(shop, [
        { op: 'fact', opening, item, units, seen },
        buy(shop.sale, user, { quantity: 3 }),
        buy(shop.sale, user, { key: 'u:2', quantity: 2 })
      ])
    ).replies.slice(1)
  const soldOut = { kind: 'refused', code: 'SOLD_OUT' }
  const now = async () => (await shop.gate.look(0, [])).time
  t.match(await both(1, await now()), [
    { ...soldOut, members: { remaining: 2 } },
    { kind: 'lacks', missing: 1 }
  ])
  t.match(await both('unknown', await now()), [{ kind: 'not now' }, { kind: 'not now' }])
  t.match(await both(0, (await now()) + 60_000), [lacks, { kind: 'lacks' }], 'a clock may have stepped back behind it')
  t.match(await both(0, (await now()) + 59_000), [lacks, { kind: 'lacks' }], 'what was seen before is not written over')
  const key = elsewhereKey(shop.prefix)
  await shop.redis.del(key)
  t.match(await both(0, (await now()) - 1001), [lacks, { kind: 'lacks' }], 'it holds for a second')
  t.match(await both(0, await now()), [soldOut, soldOut])
  t.match(await asked(user, 1), { kind: 'decided' }, 'what is here is sold whatever others have')
})

t.test('units and codes of a redemption are lent apart: what is missing is named', async (t) => {
  const shop = await openShards(t)
  const spec = { campaign: 'mall', activity: 'cup', kind: 'redemption', rules: { pool: 'cups' } } as const
  const open = { ...openActivity({ ...spec, stock: { all: 1 }, codes: 0 }), shard: 0 }
  decisionOf(await insist(() => shop.gate.submit(open)))
  const claim = (key: string, quantity: number) => takePart(spec, userOf(0), { key, quantity, pool: 'cups' })
  const units = { key: 's:mall:cup', field: 'all:remaining' }
  const codes = { key: 's:mall:pool/cups', field: 'codes:remaining' }
  const { opening, time: seen } = await shop.gate.look(0, [])
  const facts = [units, codes].map((of) => ({ op: 'fact', opening, item: of, units: 0, seen }) as const)
  const { replies } = await rawCall(shop, [
    claim('u:1', 2),
    claim('u:2', 1),
    ...facts,
    claim('u:3', 2),
    claim('u:4', 1)
  ])
  t.match(replies, [
    { kind: 'lacks', item: units, missing: 1 },
    { kind: 'lacks', item: codes, missing: 1 },
    { kind: 'none' },
    { kind: 'none' },
    { kind: 'refused', code: 'SOLD_OUT', members: { remaining: 1 } },
    { kind: 'refused', code: 'SOLD_OUT', members: { remaining: 0 } }
  ])
})

t.test('what a shard lends is elsewhere from then on, whenever a fact was read that says otherwise', async (t) => {
  const shop = await openShards(t, 1)
  const { lend } = await loanOf(shop, 0, 1)
  const user = userOf(0)
  const { opening, time } = await shop.gate.look(0, [])
  const seen = time + 500_000
  await shop.gate.writeFact(0, { opening, item, units: 0, seen: time })
  t.equal(await moved(shop, lend(1)), 1)
  t.match(await shop.redis.hget(elsewhereKey(shop.prefix), `${item.key} ${item.field}`), /^-;\d+$/)
  await shop.gate.writeFact(0, { opening, item, units: 0, seen: time })
  t.match(await rawCall(shop, [buy(shop.sale, user)]), { replies: [{ kind: 'lacks', missing: 1 }] })
  await shop.gate.writeFact(0, { opening, item, units: 0, seen })
  t.equal(await shop.redis.hget(elsewhereKey(shop.prefix), `${item.key} ${item.field}`), `0;${seen}`)
})

t.test('a shard that is opened again has forgotten what the others had', async (t) => {
  const shop = await openShards(t, 1)
  const { opening, time } = await shop.gate.look(0, [])
  await shop.gate.writeFact(0, { opening, item, units: 0, seen: time + 500_000 })
  t.equal(await shop.redis.exists(elsewhereKey(shop.prefix)), 1)
  await shop.redis.hset(`${shop.prefix}shard`, 'open', '0')
  shop.core.worker()
  const openedAgain = async () => {
    const look = await shop.gate.look(0, []).catch(() => undefined)
    return look !== undefined && look.opening !== opening
  }
  await waitFor(openedAgain, { what: 'another opening', deadlineMs: 180_000 })
  t.equal(await shop.redis.exists(elsewhereKey(shop.prefix)), 0)
})

t.test('who lacks units says so, waits for them and gets them, or hears that nothing is known', async (t) => {
  const shop = await openShards(t, 1)
  const { nc } = shop.connection
  const wishes: Array<Wish | undefined> = []
  nc.subscribe(streamNames(shop.core.config.NAMESPACE).gateSubject(0, 'wanted'), {
    callback: (_, message) => wishes.push(parseWish(message.string()))
  })
  await nc.flush()
  const user = userOf(0)
  t.match(await shop.gate.submit(buy(shop.sale, user, { quantity: 3 })), { kind: 'unavailable' })
  t.same(wishes[0], { campaign: 'c', ...item, units: 2 })
  const waiting = insist(() => shop.gate.submit(buy(shop.sale, user, { quantity: 3 })))
  for (const from of [1, 2]) {
    const loan = await loanOf(shop, from, 0)
    await moved(shop, loan.receive(await moved(shop, loan.lend(1))))
  }
  t.match(await waiting, { kind: 'confirmed', decision: { order: { quantity: 3 } } })
  t.equal(parseWish('{"key":"s:c:s"}'), undefined)
  t.equal(parseWish('no JSON'), undefined)
})

type OpenLoan = Awaited<ReturnType<typeof loanOf>> & { units: number; isOpen: boolean }

type Step =
  | { readonly what: 'lend'; readonly from: number; readonly by: number; readonly asked: number }
  | { readonly what: 'receive' | 'again'; readonly nth: number }
  | { readonly what: 'buy'; readonly shard: number; readonly quantity: number }
  | { readonly what: 'cancel'; readonly nth: number }

const shardNumber = fc.integer({ min: 0, max: COUNT - 1 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    what: fc.constant('lend' as const),
    from: shardNumber,
    by: fc.integer({ min: 1, max: COUNT - 1 }),
    asked: fc.integer({ min: 1, max: 8 })
  }),
  fc.record({ what: fc.constantFrom('receive' as const, 'again' as const), nth: fc.nat(20) }),
  fc.record({ what: fc.constant('buy' as const), shard: shardNumber, quantity: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ what: fc.constant('cancel' as const), nth: fc.nat(20) })
)

t.test('units are never made, lost or below nothing, whatever is lent, received, bought and cancelled', async (t) => {
  const shop = await openShards(t)
  const { gate, sale } = shop
  const loans: OpenLoan[] = []
  const orders: Array<{ id: string; user: string }> = []
  let users = 0
  const all = () =>
    Promise.all(
      numbers.map(async (shard) => {
        const [stock = {}] = await gate.read([item.key], shard)
        const of = (counter: string) => Number(stock[`am:${counter}`] ?? 0)
        t.ok(of('remaining') >= 0, 'nothing below nothing')
        t.equal(of('total'), of('remaining') + of('held') + of('paid'), 'units of a shard add up')
        return of('total')
      })
    )
  const receiveAll = async (some: readonly OpenLoan[]) => {
    for (const loan of some) {
      await moved(shop, loan.receive(loan.units))
      loan.isOpen = false
    }
  }
  const take = async (step: Step): Promise<void> => {
    if (step.what === 'lend') {
      const loan = await loanOf(shop, step.from, (step.from + step.by) % COUNT)
      const units = await moved(shop, loan.lend(step.asked))
      if (units > 0) loans.push({ ...loan, units, isOpen: true })
    } else if (step.what === 'buy') {
      users += 1
      const user = userOf(step.shard, users % 30)
      const order = buy(sale, user, { key: `u:${users}`, quantity: step.quantity })
      const { replies } = await rawCall(at(shop, step.shard), [order])
      // what is decided is journaled by the retry of its user
      if (replies[0]?.kind === 'decided') orders.push({ id: await bought(shop, user, order), user })
    } else if (step.what === 'cancel') {
      const order = orders[step.nth % Math.max(1, orders.length)]
      if (order !== undefined)
        await insist(() => gate.submit(move(shop, 'cancel', { ...order, order: order.id, key: `x:op:${order.id}` })))
    } else {
      const loan = loans.filter(({ isOpen }) => isOpen === (step.what === 'receive'))[step.nth % 3]
      if (loan !== undefined) await receiveAll([loan])
    }
  }
  const isWhole = async () => {
    const open = loans.filter(({ isOpen }) => isOpen).reduce((sum, { units }) => sum + units, 0)
    const totals = await all()
    return totals.reduce((sum, total) => sum + total, open) === 10 * COUNT
  }
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 20 }), async (list) => {
      for (const step of list) {
        await take(step)
        // a give that is settled with a later call comes soon
        await waitFor(isWhole, { what: 'all units to be somewhere', everyMs: 2 })
      }
    }),
    { numRuns: 15 }
  )
  // a worker would have them received while everything is compared
  await receiveAll(loans.filter(({ isOpen }) => isOpen))
  shop.core.worker()
  for (const shard of numbers) await assertFolded(t, at(shop, shard))
  const before = await left(shop)
  await shop.redis.unlink(...(await shop.redis.keys(`${shop.core.config.NAMESPACE}:*`)))
  await waitFor(async () => JSON.stringify(await left(shop).catch(() => [])) === JSON.stringify(before), {
    what: 'the shards to be written anew',
    deadlineMs: 180_000
  })
  for (const shard of numbers) await assertFolded(t, at(shop, shard))
})
