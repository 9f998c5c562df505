import t, { type Test } from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import type { FinishCommand } from '../../src/gate/batch/commands.ts'
import type { CallReply } from '../../src/gate/batch/decode.ts'
import type { Call } from '../../src/gate/batch/encode.ts'
import { replayField } from '../../src/record/replay.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, credit, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 2
const urls = { ...(await sharedServers(t)), env: shardsEnv(COUNT) }
const users = Array.from({ length: 40 }, (_, n) => `user-${n}`).filter((user) => shardOf(user, COUNT) === 0)
const [ann = '', ben = '', ...others] = users
const ITEM = { key: 's:c:wheel', field: 'first:remaining' }

/** A wheel for 10 points whose every number means the first prize, of which the first shard has none. */
const wheel = (rules: Record<string, string> = {}): ActivitySpec => ({
  campaign: 'c',
  activity: 'wheel',
  kind: 'draw',
  rules: {
    edition: '2',
    cost_unit: 'points',
    cost_field: 'b:points',
    cost: '10',
    prizes: 'first,other,thanks',
    weights: '0:1,0,0',
    fallback: 'thanks',
    memory: '1',
    'prize:first': '1;points;1;0;0;0;0;points b:points 50 0 0;',
    'prize:other': '2;physical;0;0;0;0;0;;',
    'prize:thanks': '9;nothing;0;0;0;0;0;;lucky~1~|clover~1~',
    ...rules
  },
  stock: { first: 0 }
})

const stock = (units: number, nth = 1) => ({
  ...openActivity(wheel()),
  type: 'campaign.adjusted',
  key: `x:adj:more-${nth}`,
  hash: 'more',
  puts: [],
  adds: [['s:c:wheel', 'first:remaining', units] as const],
  shard: 0
})

async function openWheel(t: Test, rules: Record<string, string> = {}): Promise<Shop> {
  const shop = await openShop(t, urls)
  for (const shard of [0, 1]) decisionOf(await shop.gate.submit({ ...openActivity(wheel(rules)), shard }))
  for (const user of users) decisionOf(await shop.gate.submit(credit(user, 'b:points', 100)))
  return shop
}

/** One call of the first shard's gate, without waiting for units. */
async function ask({ batcher }: Shop, call: Call): Promise<CallReply> {
  const result = await batcher.enqueue(call)
  if (result.kind !== 'reply') throw new Error(JSON.stringify(result))
  return result.reply
}

/** What the other shard has, as it is told to the first one before it decides: a fact holds for a second, so it is told until it was heard. */
async function told(
  { gate }: Shop,
  fact: { readonly units: number | 'unknown'; readonly item?: typeof ITEM },
  decide: () => Promise<CallReply>
): Promise<CallReply> {
  for (;;) {
    const { units, item = ITEM } = fact
    const { opening, time } = await gate.look(0, [item])
    await gate.writeFact(0, { opening, item, units, seen: time })
    const reply = await decide()
    const isUnheard = reply.kind === 'lacks' || (reply.kind === 'decided' && reply.decision.type === 'spin.drawn')
    if (!isUnheard) return reply
  }
}

const spin = (user: string, nth = 1) => takePart(wheel(), user, { key: `u:spin-${nth}`, random: `${nth}` })
const ending = (user: string, decision: string): FinishCommand => ({
  op: 'finish',
  user,
  key: replayField.spin(decision),
  hash: 'finish',
  campaign: 'c',
  activity: 'wheel',
  decision,
  pool: '',
  request: '{}'
})

/** Spins once, which is drawn. */
async function drawn(shop: Shop, user: string, nth = 1) {
  const outcome = await shop.gate.submit(spin(user, nth))
  if (outcome.kind !== 'pending') throw new Error(`It is not pending: ${JSON.stringify(outcome)}`)
  return outcome.decision
}

/** As assertWhole, once the worker has ended every spin: each end is a decision that comes when it comes. */
async function assertWholeAtLast(t: Test, shop: Shop): Promise<void> {
  const ended = async () => (await shop.core.pool.query('select 1 from drawn_spins')).rows.length === 0
  await atRest(shop)
  await waitFor(ended, { what: 'every spin to be ended' })
  await assertWhole(t, shop)
}

const reportOf = (reply: CallReply) => (reply.kind === 'decided' ? decodeSpin(reply.decision.report) : undefined)
const hashOf = ({ redis, prefix }: Shop, user: string) => redis.hgetall(`${prefix}u:${user}`)

t.test('a spin whose prize is not here is drawn, paid for, and ended once the prize has come', async (t) => {
  const shop = await openWheel(t)
  const first = await drawn(shop, ann)
  const rolled = decodeSpin(first.report)
  t.equal(first.type, 'spin.drawn')
  t.equal(first.win, undefined)
  t.match(rolled, { prize: 'first', picked: 'first', why: '', moves: [{ unit: 'points', delta: -10, balance: 90 }] })
  t.match(await hashOf(shop, ann), {
    'b:points': '90',
    'n:c/wheel': '1',
    'sd:c/wheel': /^\d+-\d+;\d+;[\da-f]{26};;first;0;$/
  })
  t.equal(await shop.redis.hget(`${shop.prefix}s:c:wheel`, 'chain'), rolled.number)

  t.match(await shop.gate.submit(spin(ann)), { kind: 'pending', decision: { id: first.id } }, 'asked again')
  t.match(await shop.gate.lookup(ann, 'u:spin-1'), { kind: 'pending' })
  t.match(await shop.gate.submit(spin(ann, 2)), { kind: 'unavailable' }, 'the next one waits')
  t.equal((await drawn(shop, ben)).type, 'spin.drawn', 'that of somebody else does not')
  t.match(await ask(shop, ending(ann, first.id)), { kind: 'lacks', item: ITEM, missing: 1 })
  t.match(await shop.gate.submit({ ...ending(ann, first.id), decision: '0-1-1', key: 'x:spin:0-1-1' }), {
    kind: 'refused',
    code: 'ALREADY_DONE'
  })

  decisionOf(await shop.gate.submit(stock(1)))
  const end = decisionOf(await shop.gate.submit(ending(ann, first.id)))
  t.match(decodeSpin(end.report), { ...rolled, moves: [{ unit: 'points', delta: 50, balance: 140 }] })
  t.match(end, { type: 'spin.won', win: { prize: 'first', status: 'given' } })
  t.match(await hashOf(shop, ann), { 'sd:c/wheel': '', 'n:c/wheel': '1', 'wn:c/wheel': '1', 'b:points': '140' })
  t.match(await shop.gate.submit(ending(ann, first.id)), {
    kind: 'confirmed',
    replayed: true,
    decision: { id: end.id }
  })

  for (const told of [await shop.gate.submit(spin(ann)), await shop.gate.lookup(ann, 'u:spin-1')]) {
    t.match(told, { kind: 'confirmed', replayed: true, decision: { id: end.id, win: { prize: 'first' } } })
    if (told?.kind !== 'confirmed') continue
    t.strictSame(
      decodeSpin(told.decision.report).moves.map(({ delta }) => delta),
      [-10, 50],
      'what it cost and what it gave'
    )
  }
  t.equal((await drawn(shop, ann, 2)).type, 'spin.drawn', 'the next one is decided now')
  await assertWholeAtLast(t, shop)
})

t.test('a fact that says 0 means the fallback, at once and later; one that says nothing does not', async (t) => {
  const shop = await openWheel(t)
  await shop.stopWorker()
  const first = await drawn(shop, ann)
  t.match(await told(shop, { units: 'unknown' }, () => ask(shop, ending(ann, first.id))), { kind: 'not now' })
  const lost = await told(shop, { units: 0 }, () => ask(shop, spin(others.pop() ?? '')))
  t.match(reportOf(lost), { prize: 'thanks', picked: 'first', why: 'exhausted' })
  const end = await told(shop, { units: 0 }, () => ask(shop, ending(ann, first.id)))
  t.match(end, { decision: { type: 'spin.lost' } })
  t.match(reportOf(end), { prize: 'thanks', why: 'exhausted', number: decodeSpin(first.report).number })
  t.match(reportOf(end)?.sub, /lucky|clover/, 'the sub-prize is that of its number')
  t.match(await hashOf(shop, ann), { 'ls:c/wheel': /^1;/, 'b:points': '90' }, 'it counts as a losing one')
})

t.test('a spin that a chance of a day before paid for is ended too', async (t) => {
  const chances = { cost_unit: 'chances:wheel', cost_field: 'ch:c/wheel', cost: '1', daily: '2', keep: '1' }
  const shop = await openWheel(t, chances)
  const first = await drawn(shop, ann)
  decisionOf(await shop.gate.submit(stock(1)))
  t.match(decisionOf(await shop.gate.submit(ending(ann, first.id))), { type: 'spin.won', win: { prize: 'first' } })
  await assertWholeAtLast(t, shop)
})

t.test('a promised prize that is not here does not yield to what the number means', async (t) => {
  const shop = await openWheel(t, { weights: '0:0,0,1', guarantee: '1:first' })
  t.match(decisionOf(await shop.gate.submit(spin(ann))).type, 'spin.lost')
  const promised = await drawn(shop, ann, 2)
  t.match(decodeSpin(promised.report), { prize: 'first', picked: 'thanks', why: 'guaranteed' })
  decisionOf(await shop.gate.submit(stock(1)))
  const end = decisionOf(await shop.gate.submit(ending(ann, promised.id)))
  t.match(decodeSpin(end.report), { prize: 'first', picked: 'thanks', why: 'guaranteed' })
  t.match(decisionOf(await shop.gate.submit(spin(ann, 3))).type, 'spin.lost', 'the count begins anew')
  const again = await drawn(shop, ann, 4)
  const lost = await told(shop, { units: 0 }, () => ask(shop, ending(ann, again.id)))
  t.match(reportOf(lost), { prize: 'thanks', picked: 'thanks', why: '' }, 'nobody has one: what the number means')
  await assertWholeAtLast(t, shop)
})

t.test('it is ended after the end, paused or not, by what it rolled and not by the weights of then', async (t) => {
  const shop = await openWheel(t)
  const first = await drawn(shop, ann)
  const paused = { ...stock(1, 2), adds: [], puts: [['c:c', 'paused', '1'] as const] }
  decisionOf(await shop.gate.submit(paused))
  t.match(await shop.gate.submit(ending(ann, first.id)), { kind: 'refused', code: 'PAUSED' })
  const over = {
    ...stock(1),
    puts: [
      ['c:c', 'closes_at', '1000'] as const,
      ['c:c', 'ended', '1'] as const,
      ['a:c:wheel', 'weights', '0:0,0,1'] as const
    ]
  }
  decisionOf(await shop.gate.submit(over))
  t.match(await shop.gate.submit(spin(ben)), { kind: 'refused', code: 'ENDED' })
  t.match(decisionOf(await shop.gate.submit(ending(ann, first.id))).win, { prize: 'first' })
  await assertWholeAtLast(t, shop)
})

t.test('the first spin that a user may make before the prize is known is drawn for all of a batch', async (t) => {
  const shop = await openWheel(t)
  const [one, two, other] = await Promise.all([
    shop.gate.submit(spin(ann, 1)),
    shop.gate.submit(spin(ann, 2)),
    shop.gate.submit(spin(ben, 1))
  ])
  t.match([one.kind, two.kind, other.kind].sort(), ['pending', 'pending', 'unavailable'])
  await assertWholeAtLast(t, shop)
})

t.test('codes of a pool that are elsewhere draw a spin too, and a unit that nobody has ends it', async (t) => {
  const shop = await openWheel(t, { pools: 'first:cards', pool: 'cards' })
  const withPool = { ...spin(ann), pool: 'cards' }
  decisionOf(await shop.gate.submit(stock(1)))
  const outcome = await shop.gate.submit(withPool)
  t.match(outcome, { kind: 'pending', decision: { type: 'spin.drawn' } })
  if (outcome.kind !== 'pending') return
  const end = { ...ending(ann, outcome.decision.id), pool: 'cards' }
  const codes = { key: 's:c:pool/cards', field: 'codes:remaining' }
  t.match(await ask(shop, end), { kind: 'lacks', item: codes, missing: 1 })
  const lost = await told(shop, { units: 0, item: codes }, () => ask(shop, end))
  t.match(reportOf(lost), { prize: 'thanks', why: 'exhausted' })
  await assertWholeAtLast(t, shop)
})
