import t from 'tap'
import { replayField } from '../../src/record/replay.ts'
import { decodeGame } from '../../src/record/reports/game.ts'
import { prizeIn } from '../../src/record/reports/moves.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, openActivity, setClock, takePart } from '../support/shop/participation.ts'
import { assertWhole, decisionOf, openShop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const puzzle: ActivitySpec = {
  campaign: 'c',
  activity: 'puzzle',
  kind: 'game',
  rules: {
    goal: '1',
    per_day: '2',
    outcomes: 'solved=points b:points 5 0 0;best=points b:points 9 0 0,prize:mug wn:c 1 0 0;failed=',
    'prize:mug': '0;physical;1;0;0;0;0;;'
  },
  stock: { mug: 1 }
}
const DAY = 20_000
/** @param asked the outcome, and the day where it is another one */
function result(user: string, event: string, asked: string | { about: string; day: number }) {
  const { about, day } = typeof asked === 'string' ? { about: asked, day: DAY } : asked
  const key = replayField.gameResult('c', 'puzzle', `app:${event}`)
  return takePart(puzzle, user, { key, hash: 'result', by: 'system', about, day })
}

t.test('each outcome gives its reward, up to the attempts of the day on which it was played', async (t) => {
  const shop = await openShop(t, urls)
  const { gate, redis, prefix } = shop
  decisionOf(await gate.submit(openActivity(puzzle)))
  const lost = decisionOf(await gate.submit(result('ann', '1', 'failed')))
  t.match(lost, { type: 'game.completed' })
  t.strictSame(decodeGame(lost.report), {
    kind: 'game',
    outcome: 'failed',
    day: DAY,
    attemptsLeft: 1,
    cappedBy: '',
    moves: []
  })
  const best = decisionOf(await gate.submit(result('ann', '2', 'best')))
  t.match(decodeGame(best.report), { attemptsLeft: 0, moves: [{ unit: 'points', delta: 9, balance: 9 }] })
  t.match(best.win, { draw: 'puzzle', prize: 'mug', status: 'won' })
  t.match(await gate.submit(result('ann', '3', 'solved')), {
    kind: 'refused',
    code: 'LIMIT_REACHED',
    members: { scope: 'day', limit: 2 }
  })
  const next = decisionOf(await gate.submit(result('ann', '3', { about: 'solved', day: DAY + 1 })))
  t.match(decodeGame(next.report), { day: DAY + 1, attemptsLeft: 1 }, 'what was refused binds nobody')
  const again = await gate.submit(result('ann', '1', 'best'))
  t.match(
    again,
    { kind: 'confirmed', replayed: true, decision: { id: lost.id, report: lost.report } },
    'the first stands'
  )
  const second = decisionOf(await gate.submit(result('ben', '4', 'best')))
  t.match(prizeIn(second.report), { id: 'mug', given: false }, 'the mug is gone, the points are not')
  t.match(decodeGame(second.report).moves, [{ unit: 'points', delta: 9 }])
  t.match(await redis.hgetall(`${prefix}u:ann`), {
    [`n:c/puzzle@${DAY}`]: '2',
    [`n:c/puzzle@${DAY + 1}`]: '1',
    'n:c/puzzle': '3'
  })
  await assertWhole(t, shop)
})

t.test('attempts that are reported at once count one by one', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(puzzle)))
  const raced = await Promise.all(['1', '2', '3', '4', '5'].map((event) => gate.submit(result('ann', event, 'solved'))))
  t.equal(raced.filter(({ kind }) => kind === 'confirmed').length, 2)
  t.equal(raced.filter((outcome) => outcome.kind === 'refused' && outcome.code === 'LIMIT_REACHED').length, 3)
  const same = await Promise.all(['solved', 'failed'].map((about) => gate.submit(result('ben', '1', about))))
  const ids = same.map((outcome) => decisionOf(outcome).id)
  t.equal(new Set(ids).size, 1, 'one event is one attempt')
  await assertWhole(t, shop)
})

t.test('users report nothing, unknown outcomes give nothing, and late reports are taken', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(puzzle)))
  t.match(await gate.submit(takePart(puzzle, 'ann', { about: 'best' })), { code: 'UNVERIFIED' })
  t.match(await gate.submit(result('ann', '1', 'cheated')), { code: 'NOT_FOUND' })
  await setClock(shop, Date.now() + 2 * 3_600_000)
  decisionOf(await gate.submit(result('ann', '2', 'solved')))
  await assertWhole(t, shop)
})

t.test('rules that are not readable give nothing', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const broken = { ...puzzle, rules: { ...puzzle.rules, outcomes: 'solved=points' } }
  decisionOf(await gate.submit(openActivity(broken)))
  t.match(await gate.submit(result('ann', '1', 'solved')), { kind: 'unavailable' })
})
