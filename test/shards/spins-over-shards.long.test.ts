import t, { type Test } from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { shareOf } from '../../src/campaign/carrying/split.ts'
import type { Decision } from '../../src/gate/batch/outcomes.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { openSpins } from '../../src/store/projection/drawn-spins.ts'
import { verifyDraw } from '../../src/verify/draw-verifier.ts'
import { chiSquare, fitText } from '../support/model/chi-square.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { exportedLines, fixedSeed, spin, storeSeed } from '../support/shop/one-draw.ts'
import { type ActivitySpec, openActivity } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const urls = { ...(await sharedServers(t)), env: shardsEnv(COUNT) }
const seed = fixedSeed('spins over shards')

/** The nth user of a shard, always the same. */
function usersOf(shard: number, count: number): string[] {
  const users: string[] = []
  for (let n = 0; users.length < count; n += 1) if (shardOf(`user-${n}`, COUNT) === shard) users.push(`user-${n}`)
  return users
}

type Quotas = Readonly<Record<string, number>>

function drawOf(weights: readonly number[], more: Readonly<Record<string, string>> = {}): ActivitySpec {
  return {
    campaign: 'c',
    activity: 'wheel',
    kind: 'draw',
    rules: {
      edition: '2',
      prizes: 'gold,silver,bronze,thanks',
      weights: `0:${weights.join()}`,
      fallback: 'thanks',
      'prize:gold': '1;physical;1;0;0;0;0;;',
      'prize:silver': '2;physical;1;0;0;0;0;;',
      'prize:bronze': '3;coupon;1;0;0;0;0;;',
      'prize:thanks': '9;nothing;0;0;0;0;0;;',
      ...more
    }
  }
}

/** Opens the draw in each shard, with its part of each quota. */
async function openDraw(shop: Shop, spec: ActivitySpec, quotas: Quotas): Promise<void> {
  // loans are of campaigns that there are
  await shop.core.pool.query("insert into campaigns (campaign_id, author) values ('c', 'ada')")
  const opening = openActivity(spec)
  for (const shard of shop.gate.numbers) {
    const adds = Object.entries(quotas).map(
      ([id, units]) => ['s:c:wheel', `${id}:remaining`, shareOf(units, 's:c:wheel', { shard, count: COUNT })] as const
    )
    decisionOf(await insist(() => shop.gate.submit({ ...opening, shard, adds })))
  }
}

async function verified(test: Test, shop: Shop): Promise<Map<string, number>> {
  // known to the lifecycle no longer, which would not read what is stored of it for an export
  await shop.core.pool.query("delete from campaigns where campaign_id = 'c'")
  await storeSeed(shop.core.pool, drawOf([1]), seed)
  const given = new Map<string, number>()
  for (const shard of shop.gate.numbers) {
    const verdict = verifyDraw(await exportedLines(shop, { campaign: 'c', shard }), { campaign: 'c', draw: 'wheel' })
    test.ok(verdict.ok, verdict.ok ? `shard ${shard} is verified` : JSON.stringify(verdict.difference))
    if (!verdict.ok) continue
    test.equal(verdict.report.drawn, 0)
    for (const [prize, times] of verdict.report.prizes) given.set(prize, (given.get(prize) ?? 0) + times)
  }
  return given
}

t.test('as many numbers mean a prize as its odds say, in all shards together', async (t) => {
  const weights = [5, 15, 30, 50]
  const shop = await openShop(t, urls, { epoch: 1_900_000_000 })
  await shop.stopWorker()
  await openDraw(shop, drawOf(weights), { gold: 4000, silver: 4000, bronze: 4000 })
  const picked = new Map<string, number>()
  // one after the other in each shard, so that each number has the same place in every run
  const play = async (shard: number) => {
    for (const user of usersOf(shard, 200)) {
      const { report } = decisionOf(await shop.gate.submit(spin(drawOf(weights), user, { seed, name: 'one' })))
      const { prize, why } = decodeSpin(report)
      t.equal(why, '')
      picked.set(prize, (picked.get(prize) ?? 0) + 1)
    }
  }
  await Promise.all(shop.gate.numbers.map(play))
  const fit = chiSquare(
    ['gold', 'silver', 'bronze', 'thanks'].map((prize) => picked.get(prize) ?? 0),
    weights
  )
  t.ok(fit.statistic <= fit.critical, fitText(fit))
  t.comment(fitText(fit))
})

t.test('every prize is won as often as there are, wherever those are who spin', async (t) => {
  const quotas = { gold: 6, silver: 9, bronze: 2 }
  const spec = drawOf([2, 3, 1, 4], { memory: '1', guarantee: '3:silver' })
  const shop = await openShop(t, urls)
  await openDraw(shop, spec, quotas)
  let waited = 0
  const told = new Map<string, Decision>()
  /** Asks with the same key until it knows, as a client does. */
  async function spinOnce(user: string, name: string): Promise<void> {
    const command = spin(spec, user, { seed, name })
    const first = await insist(() =>
      shop.gate.submit(command).then((one) => (one.kind === 'pending' ? refusedAs : one))
    )
    if (first.kind === 'refused') waited += 1
    const outcome = await insist(() => shop.gate.submit(command), 240_000)
    const decision = decisionOf(outcome)
    told.set(`${user} ${name}`, decision)
  }
  // nobody of the last two shards spins: what they have has to come
  const users = [0, 1].flatMap((shard) => usersOf(shard, 10))
  await Promise.all(
    users.map(async (user) => {
      for (let nth = 0; nth < 8; nth += 1) await spinOnce(user, `spin-${nth}`)
    })
  )
  // loans may come before they are needed: that a spin waits is proven at the gate
  t.comment(`${waited} of ${told.size} spins had to wait for their prize`)
  await waitFor(async () => (await openSpins(shop.core.pool, 'c')) === 0, { what: 'all spins to end' })
  await atRest(shop)
  const won = new Map<string, number>()
  for (const { win, report } of told.values()) {
    const { prize, picked, why } = decodeSpin(report)
    t.ok(why === '' || why === 'guaranteed' || why === 'exhausted', why)
    if (why === '') t.equal(prize, picked)
    if (win) won.set(win.prize, (won.get(win.prize) ?? 0) + 1)
  }
  t.same(Object.fromEntries(won), quotas)
  const given = await verified(t, shop)
  for (const [prize, quota] of Object.entries(quotas)) t.equal(given.get(prize), quota, prize)
  const { rows } = await shop.core.pool.query(
    "select prize_id as prize, count(*)::int as n from wins where campaign_id = 'c' group by 1"
  )
  t.same(Object.fromEntries(rows.map(({ prize, n }) => [prize, n])), quotas)
  const left = (await shop.gate.read(['s:c:wheel']))[0] ?? {}
  for (const [prize, quota] of Object.entries(quotas)) {
    t.match(left, { [`${prize}:remaining`]: '0', [`${prize}:paid`]: String(quota), [`${prize}:total`]: String(quota) })
  }
  await assertWhole(t, shop)
})

/** Stands for an answer that a client asks again for. */
const refusedAs = { kind: 'refused', code: 'NOT_FOUND', members: {} } as const
