import t from 'tap'
import type { Command } from '../../src/gate/batch/commands.ts'
import type { BatchReply } from '../../src/gate/batch/decode.ts'
import type { Call } from '../../src/gate/batch/encode.ts'
import { decodeCompletion } from '../../src/record/reports/completion.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, insist, packedSession, preload } from '../support/shop/core.ts'
import {
  type ActivitySpec,
  changeWin,
  credit,
  openActivity,
  setClock,
  sureDraw,
  takePart
} from '../support/shop/participation.ts'
import {
  assertWhole,
  atRest,
  decisionOf,
  openShop,
  rawCall,
  readFolded,
  type Shop,
  winsHeld
} from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

const DAY = 86_400_000
const nothing = '9;nothing;0;0;0;0;0;;'

const end = Date.now() + 30 * DAY
const campaignRules = { closes_at: String(end) }
const sessions = packedSession({ opensAt: Date.now() - DAY, closesAt: end, id: 'all' })

const sure = (activity: string, prize: string, more: Partial<ActivitySpec> = {}): ActivitySpec =>
  sureDraw(prize, { activity, campaignRules, ...more, rules: { sessions, ...more.rules } })
const task = (activity: string, rules: Record<string, string>): ActivitySpec => ({
  campaign: 'c',
  activity,
  kind: 'task',
  campaignRules,
  rules: { sessions, per: 'campaign', ...rules }
})

/** One call that nobody publishes, as long as no worker runs: its relay would do so a second later. */
async function raw(shop: Shop, calls: Call[]): Promise<{ kinds: string[]; reply: BatchReply }> {
  const reply = await rawCall(shop, calls)
  return { kinds: reply.replies.map((own) => (own.kind === 'refused' ? own.code : own.kind)), reply }
}

/** The same command once more, by a gateway that lives: its frame is published and settled. */
async function journal(shop: Shop, command: Command): Promise<void> {
  decisionOf(await shop.gate.submit(command))
  // a frame that only takes is answered at its ack, and settled with the next call
  await waitFor(async () => (await shop.redis.xlen(`${shop.prefix}outbox`)) === 0, { everyMs: 2 })
}

async function wipe(shop: Shop): Promise<void> {
  await shop.redis.unlink(...(await shop.redis.keys(`${shop.prefix}*`)))
}

/** Ends the worker once everything is at rest. @returns what starts another one */
async function withoutWorker(shop: Shop): Promise<() => void> {
  await atRest(shop)
  await shop.stopWorker()
  return () => void shop.core.worker()
}

/** Opens activities and lets everything come to rest. */
async function opened(t: Parameters<typeof openShop>[0], ...specs: ActivitySpec[]): Promise<Shop> {
  const shop = await openShop(t, urls)
  for (const spec of specs) decisionOf(await shop.gate.submit(openActivity(spec)))
  await atRest(shop)
  return shop
}

t.test('given points, chances and entitlements can be used only when their frame is settled', async (t) => {
  const gift = task('gift', {
    reward: 'points b:points 10 0 1,chances:paid ch:c/paid 1 0 0,entitlement:vip e:c/vip 1 0 0'
  })
  const paid = sure('paid', nothing, { rules: { cost_unit: 'chances:paid', cost_field: 'ch:c/paid', cost: '1' } })
  const dear = sure('dear', nothing, { rules: { cost_unit: 'points', cost_field: 'b:points', cost: '10' } })
  const shop = await opened(t, gift, paid, dear)
  const door = { campaign: 'c', sale: 'door', stock: 5, rules: { entitlement: 'vip' } }
  decisionOf(await shop.gate.submit(preload(door)))
  const startWorker = await withoutWorker(shop)
  const wanted = [
    takePart(paid, 'ann', { key: 'u:1' }),
    takePart(dear, 'ann', { key: 'u:2' }),
    buy(door, 'ann', { key: 'u:3' })
  ]
  const none = ['INSUFFICIENT_BALANCE', 'INSUFFICIENT_BALANCE', 'NOT_ELIGIBLE']
  const { kinds } = await raw(shop, [takePart(gift, 'ann'), ...wanted])
  t.strictSame(kinds, ['decided', ...none], 'not in the same batch')
  t.strictSame((await raw(shop, wanted)).kinds, none, 'nor in the next')
  await wipe(shop)
  startWorker()
  t.match(await insist(() => shop.gate.submit(wanted[1] as never)), { code: 'INSUFFICIENT_BALANCE' }, 'it never was')
  await journal(shop, takePart(gift, 'ann'))
  t.strictSame((await raw(shop, wanted)).kinds, ['decided', 'decided', 'decided'])
  await assertWhole(t, shop)
})

t.test('a quota that a revocation gives back can be won only when the revocation is journaled', async (t) => {
  const wheel = sure('wheel', '1;physical;1;0;0;0;0;;', { stock: { prize: 1 } })
  const shop = await opened(t, wheel)
  const { win } = decisionOf(await shop.gate.submit(takePart(wheel, 'ann')))
  const startWorker = await withoutWorker(shop)
  const revoke = changeWin(wheel, 'revoke', { user: 'ann', win: win?.id ?? '' })
  const first = await raw(shop, [revoke, takePart(wheel, 'ben', { key: 'u:1' })])
  t.match(first.reply.replies[1], { decision: { type: 'spin.lost' } })
  t.match((await raw(shop, [takePart(wheel, 'ben', { key: 'u:2' })])).reply.replies, [
    { decision: { type: 'spin.lost' } }
  ])
  await wipe(shop)
  startWorker()
  await insist(() => shop.gate.submit(takePart(wheel, 'cat')))
  t.equal((await winsHeld(shop, 'ann'))[0]?.status, 'won', 'the revocation never was')
  await journal(shop, revoke)
  const won = await raw(shop, [takePart(wheel, 'ben', { key: 'u:3' })])
  t.match(won.reply.replies, [{ decision: { type: 'spin.won' } }])
})

t.test('codes that are being loaded are handed out once they are journaled', async (t) => {
  const mall: ActivitySpec = {
    campaign: 'c',
    activity: 'mall',
    kind: 'redemption',
    rules: { pool: 'p' },
    stock: { all: 5 }
  }
  const shop = await opened(t, mall)
  await withoutWorker(shop)
  const load: Command = {
    ...openActivity(mall),
    key: 'x:codes',
    puts: [],
    adds: [['s:c:pool/p', 'codes:remaining', 2]]
  }
  await raw(shop, [load])
  const claim = takePart(mall, 'ann', { pool: 'p' })
  t.strictSame((await raw(shop, [claim])).kinds, ['SOLD_OUT'])
  await journal(shop, load)
  t.strictSame((await raw(shop, [claim])).kinds, ['decided'])
})

t.test('a command that needs a record waits for its frame, in the same batch and in the next', async (t) => {
  const check = task('check', { per: 'day', reward: 'points b:points 5 0 1', streak: '2=points b:points 50 0 1' })
  const after = task('after', { after: 'check,other' })
  const other = task('other', {})
  const cards = sure('cards', '1;doubler;0;0;0;0;0;doubler db:c 3 0 0 900 check;')
  const third = sure('third', '1;physical;0;2;0;0;0;;', { rules: { memory: '1' } })
  const promised = sure('promised', '1;physical;0;0;0;0;0;;', {
    rules: { memory: '1', weights: '0:0,1', guarantee: '2:prize' }
  })
  const shop = await opened(t, check, after, other, cards, third, promised)
  const wait = async (cause: Command, effect: Command, what: string) => {
    const both = await raw(shop, [cause, effect])
    t.strictSame(both.kinds, ['decided', 'wait'], what)
    t.match(both.reply.replies[1], { entry: [...both.reply.frames.keys()][0] })
    const next = await raw(shop, [effect])
    t.strictSame(next.kinds, ['wait'], what)
    t.strictSame([...next.reply.frames.keys()], [...both.reply.frames.keys()], 'the frame comes along')
    await journal(shop, cause)
    t.strictSame((await raw(shop, [effect])).kinds, ['decided'], what)
    await journal(shop, effect)
  }
  decisionOf(await shop.gate.submit(takePart(other, 'ann', { key: 'u:other' })))
  const startWorker = await withoutWorker(shop)
  await wait(takePart(check, 'ann', { key: 'u:1' }), takePart(after, 'ann', { key: 'u:2' }), 'a prerequisite')
  await wait(takePart(cards, 'ben', { key: 'u:1' }), takePart(check, 'ben', { key: 'u:2' }), 'a doubler')
  await wait(takePart(third, 'cat', { key: 'u:1' }), takePart(third, 'cat', { key: 'u:2' }), 'a prize after n spins')
  await wait(takePart(promised, 'dan', { key: 'u:1' }), takePart(promised, 'dan', { key: 'u:2' }), 'a guarantee')
  const won = await raw(shop, [takePart(third, 'eve', { key: 'u:1' }), takePart(promised, 'eve', { key: 'u:2' })])
  t.strictSame(won.kinds, ['decided', 'decided'], 'one draw does not wait for the other')
  const now = Date.now() + 3 * DAY
  await setClock(shop, now)
  await raw(shop, [takePart(check, 'fay', { key: 'u:1' })])
  await setClock(shop, now + DAY)
  const second = takePart(check, 'fay', { key: 'u:2' })
  t.strictSame((await raw(shop, [second])).kinds, ['wait'], 'a streak')
  const { report } = decisionOf(await shop.gate.submit(second))
  t.equal(decodeCompletion(report).streak, 2, 'the gateway waits for the day before')
  startWorker()
  await assertWhole(t, shop)
})

t.test('a win is moved only after its spin is journaled, and one change after the other', async (t) => {
  const wheel = sure('wheel', '1;physical;0;0;0;0;0;;')
  const shop = await opened(t, wheel)
  const startWorker = await withoutWorker(shop)
  const spin = takePart(wheel, 'ann')
  const { reply } = await raw(shop, [spin])
  const [spun] = reply.replies
  const win = spun?.kind === 'decided' ? (spun.decision.win?.id ?? '') : ''
  const claim = changeWin(wheel, 'claim', { user: 'ann', win })
  const revoke = changeWin(wheel, 'revoke', { user: 'ann', win })
  t.strictSame((await raw(shop, [claim, revoke])).kinds, ['wait', 'wait'])
  await journal(shop, spin)
  t.strictSame((await raw(shop, [claim, revoke])).kinds, ['decided', 'wait'])
  await journal(shop, claim)
  t.strictSame((await raw(shop, [revoke, claim])).kinds, ['decided', 'decided'], 'the claim is a replay')
  t.strictSame((await raw(shop, [{ ...claim, key: 'x:again' }])).kinds, ['wait'])
  await journal(shop, revoke)
  t.strictSame((await raw(shop, [{ ...claim, key: 'x:again' }])).kinds, ['VOIDED'])
  startWorker()
  await assertWhole(t, shop)
})

t.test('a Redis that was wiped knows every balance, record and win again', async (t) => {
  const check = task('check', { per: 'day', reward: 'points b:points 5 0 1', streak: '2=points b:points 50 0 1' })
  const wheel = sure('wheel', '1;points;1;1;0;0;0;points b:points 5 0 0,chances:wheel ch:c/wheel 1 9 0;', {
    rules: { cost_unit: 'chances:wheel', cost_field: 'ch:c/wheel', cost: '1', daily: '2', keep: '1', memory: '1' },
    stock: { prize: 40 }
  })
  const shop = await opened(t, check, wheel)
  const users = ['ann', 'ben', 'cat', 'dan']
  for (const user of users) {
    decisionOf(await shop.gate.submit(takePart(check, user, { key: 'u:check' })))
    for (const spin of [1, 2, 3])
      await shop.gate.submit(takePart(wheel, user, { key: `u:${spin}`, random: `${user}${spin}` }))
  }
  const [given] = await winsHeld(shop, 'ann')
  decisionOf(await shop.gate.submit(changeWin(wheel, 'revoke', { user: 'ann', win: given?.id ?? '' })))
  decisionOf(await shop.gate.submit(credit('dan', 'b:points', -3)))
  await atRest(shop)
  const keys = (await shop.redis.keys(`${shop.prefix}*`))
    .filter((key) => !/:(?:shard|outbox|kept|origin|base)$/.test(key))
    .sort()
  const folded = () => Promise.all(keys.map((key) => readFolded(shop, key.slice(shop.prefix.length))))
  const before = await folded()
  await wipe(shop)
  await waitFor(async () => (await shop.gate.lookup('ann', 'u:1').catch(() => undefined)) !== undefined)
  t.strictSame(await folded(), before)
  const replayed = decisionOf(await shop.gate.submit(takePart(wheel, 'ben', { key: 'u:2', random: 'ben2' })))
  t.equal(decodeSpin(replayed.report).prize, 'prize')
  await assertWhole(t, shop)
})
