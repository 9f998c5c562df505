import fc from 'fast-check'
import t, { type Test } from 'tap'
import { leftOf, newestUpTo } from '../../src/campaign/actions/points-left.ts'
import type { AdjustCommand, ExpireCommand, TakeBackCommand } from '../../src/gate/batch/commands.ts'
import { decodeExpired } from '../../src/record/expired.ts'
import { userField } from '../../src/record/fields.ts'
import { replayField } from '../../src/record/replay.ts'
import { decodeTakenBack } from '../../src/record/reports/taken-back.ts'
import { decodeWinChange } from '../../src/record/reports/win-change.ts'
import { movementsOfAccount } from '../../src/store/reading/ledger.ts'
import { sharedServers } from '../support/servers/servers.ts'
import {
  type ActivitySpec,
  changeWin,
  credit,
  openActivity,
  sureDraw,
  takePart
} from '../support/shop/participation.ts'
import { assertWhole, decisionOf, openShop, type Shop, shardOfUser } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)

const giving = (points: number) => `1;points;0;0;0;0;0;points b:points ${points} 0 0;`
const wheel = sureDraw(giving(50))
const other = sureDraw(giving(40), { campaign: 'other' })
const task: ActivitySpec = {
  campaign: 'c',
  activity: 'check',
  kind: 'task',
  rules: { per: 'day', reward: 'points b:points 1 0 0', 'reward:helper': 'points b:points 50 0 0' }
}

async function open(t: Test): Promise<Shop> {
  const shop = await openShop(t, urls)
  for (const { shard } of shop.shards) {
    for (const spec of [wheel, other, task]) decisionOf(await shop.gate.submit({ ...openActivity(spec), shard }))
  }
  return shop
}

let keys = 0
const win = async ({ gate }: Shop, user: string, spec = wheel) =>
  decisionOf(await gate.submit(takePart(spec, user, { key: `u:key-number-${keys++}` }))).id

const revocation = (user: string, id: string, spec = wheel) => changeWin(spec, 'revoke', { user, win: id })

/** Of wins of the wheel, unless said otherwise. */
const revoked = async ({ gate }: Shop, { user, id, spec = wheel }: { user: string; id: string; spec?: ActivitySpec }) =>
  decodeWinChange(decisionOf(await gate.submit(revocation(user, id, spec))).report)

async function spend({ gate }: Shop, user: string, points: number) {
  const debit = { ...credit(user, 'b:points', -points), key: `u:key-number-${keys++}` }
  return decisionOf(await gate.submit(debit)).id
}

const balance = async (shop: Shop, user: string) => {
  const { redis, prefix } = shardOfUser(shop, user)
  return Number(await redis.hget(`${prefix}u:${user}`, 'b:points'))
}

/** What of the campaign's has expired, once Postgres has what the user decided last. */
async function expiring({ core }: Shop, user: string, last: string): Promise<ExpireCommand> {
  const read = () => movementsOfAccount(core.pool, user, 'points')
  await waitFor(async () => (await read()).newest === last, {
    deadlineMs: 15_000,
    what: `the last decision of ${user} to be stored`
  })
  const { newest, movements } = await read()
  const until = Number.POSITIVE_INFINITY
  const amount = leftOf(movements, 'c', until)
  return {
    op: 'expire',
    user,
    key: replayField.job(1, user),
    hash: 'expire',
    campaign: 'c',
    activity: '',
    newest,
    field: userField.balance('points', ''),
    amount,
    upTo: newestUpTo(movements, 'c', until),
    expiredField: userField.expired('c', 'points'),
    request: JSON.stringify({ unit: 'points', amount: -amount })
  }
}

t.test('a win whose points have expired is revoked, and its user keeps what others gave', async (t) => {
  const shop = await open(t)
  const first = await win(shop, 'ann')
  const kept = await win(shop, 'ann', other)
  const expire = await expiring(shop, 'ann', kept)
  t.equal(expire.amount, 50)
  decisionOf(await shop.gate.submit(expire))
  t.match(await revoked(shop, { user: 'ann', id: first }), { win: first.slice(2), shortfall: [], moves: [] })
  t.equal(await balance(shop, 'ann'), 40)
  const again = await shop.gate.submit(revocation('ann', first))
  t.match(again, { kind: 'confirmed', replayed: true })
  t.match(
    await revoked(shop, { user: 'ann', id: kept, spec: other }),
    { moves: [{ delta: -40 }] },
    'another campaign, nothing of it expired'
  )
  t.equal(await balance(shop, 'ann'), 0)
  await assertWhole(t, shop)
})

t.test('what has expired counts as taken back once', async (t) => {
  const shop = await open(t)
  const [first, second] = [await win(shop, 'ann'), await win(shop, 'ann')]
  for (let nth = 0; nth < 3; nth += 1) await win(shop, 'ann', other)
  const expire = await expiring(shop, 'ann', await spend(shop, 'ann', 70))
  t.equal(expire.amount, 30)
  decisionOf(await shop.gate.submit(expire))
  const late = await win(shop, 'ann')
  t.match(
    await revoked(shop, { user: 'ann', id: late }),
    { moves: [{ delta: -50 }] },
    'what came later has not expired'
  )
  // two at once: one of them rests on what the other one left
  const both = await Promise.all([
    revoked(shop, { user: 'ann', id: first }),
    revoked(shop, { user: 'ann', id: second })
  ])
  t.strictSame(
    both.map(({ moves }) => moves[0]?.delta ?? 0).toSorted((one, other) => one - other),
    [-50, -20]
  )
  t.equal(await balance(shop, 'ann'), 50)
  await assertWhole(t, shop)
})

t.test('a credit whose points have expired is taken back, and its user keeps what others gave', async (t) => {
  const shop = await open(t)
  const { gate } = shop
  const given = replayField.credit('1', 'helper')
  const owed = takePart(task, 'ann', { key: given, by: 'credit', action: 'helper', day: 20000 })
  const givenBy = decisionOf(await gate.submit(owed)).id
  await win(shop, 'ann', other)
  const back: TakeBackCommand = {
    op: 'takeBack',
    user: 'ann',
    key: replayField.takeBack('1', 'helper'),
    hash: 'void',
    campaign: 'c',
    activity: 'check',
    givenUnder: given,
    givenBy,
    given: [{ unit: 'points', field: 'b:points', amount: 50 }],
    request: '{}'
  }
  const expire = await expiring(shop, 'ann', await spend(shop, 'ann', 20))
  t.equal(expire.amount, 30)
  decisionOf(await gate.submit(expire))
  const [one, same] = await Promise.all([gate.submit(back), gate.submit(back)])
  t.equal(decisionOf(one).id, decisionOf(same).id)
  t.match(decodeTakenBack(decisionOf(one).report), { shortfall: [], moves: [{ delta: -20, balance: 20 }] })
  t.equal(await balance(shop, 'ann'), 20, '20 of 50 were spent, 30 expired, 20 of what the other one gave go')
  await assertWhole(t, shop)
})

t.test('a revocation and an expiry at the same moment, whichever comes first', async (t) => {
  const shop = await open(t)
  const { gate } = shop
  for (const [user, isFirst] of [
    ['ann', true],
    ['bob', false]
  ] as const) {
    const id = await win(shop, user)
    const expire = await expiring(shop, user, await win(shop, user, other))
    const commands = [expire, revocation(user, id), revocation(user, id)]
    const ordered = isFirst ? commands : commands.toReversed()
    const outcomes = await Promise.all(ordered.map((command) => gate.submit(command)))
    const codes = outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind))
    t.strictSame(
      [...new Set(codes)].filter((code) => code !== 'CONFLICT'),
      ['confirmed'],
      'it was counted before'
    )
    t.equal(await balance(shop, user), 40)
  }
  await assertWhole(t, shop)
})

t.test('an exclusion and a revocation count what has expired once, whichever comes first', async (t) => {
  const shop = await open(t)
  const { gate } = shop
  for (const [user, isFirst] of [
    ['ann', true],
    ['bob', false]
  ] as const) {
    const id = await win(shop, user)
    decisionOf(await gate.submit({ ...credit(user, 'b:points', 60), key: 'x:adj:1' }))
    await win(shop, user, other)
    const expire = await expiring(shop, user, await spend(shop, user, 30))
    t.equal(expire.amount, 80)
    decisionOf(await gate.submit(expire))
    const excluded: AdjustCommand = {
      ...credit(user, 'b:points', -60),
      type: 'balance.debited',
      key: replayField.job(2, 'balances'),
      adds: [
        [`u:${user}`, 'b:points', -60],
        [`u:${user}`, userField.expired('c', 'points'), -60]
      ]
    }
    const outcomes = await Promise.all(
      (isFirst ? [excluded, revocation(user, id)] : [revocation(user, id), excluded]).map((one) => gate.submit(one))
    )
    for (const outcome of outcomes) decisionOf(outcome)
    t.equal(await balance(shop, user), 10, '110 were given and 80 of them expired')
    const { redis, prefix } = shardOfUser(shop, user)
    const { left, counted } = decodeExpired((await redis.hget(`${prefix}u:${user}`, excluded.adds[1]?.[1] ?? '')) ?? '')
    t.strictSame({ left, counted }, isFirst ? { left: 0, counted: 60 } : { left: 0, counted: 30 })
    t.match(await gate.submit(excluded), { kind: 'confirmed', replayed: true })
    t.equal(await balance(shop, user), 10)
  }
  await assertWhole(t, shop)
})

/** What a user does before the moment comes, which of the wins are revoked, and before or after that. */
const story = fc.record({
  before: fc.array(fc.oneof(fc.constantFrom('win', 'other'), fc.integer({ min: 1, max: 60 })), { maxLength: 8 }),
  revoked: fc.array(fc.record({ nth: fc.nat(7), isLater: fc.boolean() }), { minLength: 1, maxLength: 4 })
})

type Story = typeof story extends fc.Arbitrary<infer Told> ? Told : never

async function live(shop: Shop, user: string, { before, revoked: all }: Story): Promise<number> {
  const wins: string[] = []
  let last = ''
  for (const step of before) {
    last =
      typeof step === 'number' ? await spend(shop, user, step) : await win(shop, user, step === 'win' ? wheel : other)
    if (step === 'win') wins.push(last)
  }
  const revoke = async (isLater: boolean) => {
    for (const { nth, ...when } of all) {
      const id = wins[nth]
      if (id === undefined || when.isLater !== isLater) continue
      const outcome = await shop.gate.submit(revocation(user, id))
      if (outcome.kind === 'confirmed') last = outcome.decision.id
    }
  }
  await revoke(false)
  const expire = wins.length > 0 ? await expiring(shop, user, last) : undefined
  if (expire && expire.amount > 0) decisionOf(await shop.gate.submit(expire))
  await revoke(true)
  return balance(shop, user)
}

t.test('who revokes before the moment or after it leaves the user with the same', async (t) => {
  const shop = await open(t)
  for (const [nth, told] of fc.sample(story, { numRuns: 12, seed: 1 }).entries()) {
    const at = (isLater: boolean) => ({ ...told, revoked: told.revoked.map((one) => ({ ...one, isLater })) })
    const [before, after, mixed] = [
      await live(shop, `before-${nth}`, at(false)),
      await live(shop, `after-${nth}`, at(true)),
      await live(shop, `mixed-${nth}`, told)
    ]
    t.strictSame({ after, mixed }, { after: before, mixed: before }, JSON.stringify(told))
  }
  await assertWhole(t, shop)
})
