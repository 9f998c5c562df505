import t, { type Test } from 'tap'
import type { Command } from '../../src/gate/batch/commands.ts'
import type { Decision } from '../../src/gate/batch/outcomes.ts'
import { drawRandom } from '../../src/record/draw-random.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { verifyDraw } from '../../src/verify/draw-verifier.ts'
import { numberOf, pickIndex, spinDigest } from '../../src/verify/spin/number.ts'
import { chiSquare, fitText } from '../support/model/chi-square.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { exportedLines, fixedSeed, spin, storeSeed } from '../support/shop/one-draw.ts'
import { type ActivitySpec, openActivity } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'

t.setTimeout(200_000)
const urls = await sharedServers(t)

const SPINS = 5000
const AT_ONCE = 500
const USERS = 400

interface Weighed {
  readonly draw: string
  /** by level, the lowest first */
  readonly sets: ReadonlyArray<{ readonly level: number; readonly weights: readonly number[] }>
  /** of the fallback's sub-prizes */
  readonly subs: readonly number[]
}

const draws: readonly Weighed[] = [
  { draw: 'even', sets: [{ level: 0, weights: [1, 1, 1, 1, 1, 1, 1] }], subs: [1] },
  { draw: 'skewed', sets: [{ level: 0, weights: [2, 18, 180, 1800] }], subs: [1, 2, 3, 4] },
  { draw: 'never', sets: [{ level: 0, weights: [5, 0, 3, 2] }], subs: [3, 1] },
  {
    draw: 'levels',
    sets: [
      { level: 0, weights: [1, 1, 2] },
      { level: 2, weights: [6, 3, 1] },
      { level: 5, weights: [0, 1, 9] }
    ],
    subs: [1, 1]
  }
]

const idsOf = ({ sets }: Weighed) => (sets[0]?.weights ?? []).map((_weight, index) => `p${index}`)

/** The last prize is the fallback, and nothing has a quota: what is picked is given. */
function specOf(weighed: Weighed): ActivitySpec {
  const ids = idsOf(weighed)
  const subs = weighed.subs.map((weight, index) => `s${index}~${weight}~`).join('|')
  return {
    campaign: 'c',
    activity: weighed.draw,
    kind: 'draw',
    rules: {
      prizes: ids.join(),
      weights: weighed.sets.map(({ level, weights }) => `${level}:${weights.join()}`).join(';'),
      fallback: ids.at(-1) ?? '',
      ...Object.fromEntries(ids.map((id) => [`prize:${id}`, `1;coupon;0;0;0;0;0;;${id === ids.at(-1) ? subs : ''}`]))
    }
  }
}

/** Commands in their order, many at once, so that every run decides them under the same sequences. */
async function decideAll({ gate }: Shop, commands: readonly Command[]): Promise<Decision[]> {
  const decisions: Decision[] = []
  for (let from = 0; from < commands.length; from += AT_ONCE) {
    const part = commands.slice(from, from + AT_ONCE)
    const outcomes = await Promise.all(part.map((command) => insist(() => gate.submit(command))))
    decisions.push(...outcomes.map(decisionOf))
  }
  return decisions
}

function checkFit(t: Test, what: string, fit: ReturnType<typeof chiSquare>): void {
  t.comment(`${what}: ${fitText(fit)}`)
  t.ok(fit.statistic <= fit.critical, `${what} fits its weights`)
}

function countBy(values: readonly string[], names: readonly string[]): number[] {
  return names.map((name) => values.filter((value) => value === name).length)
}

async function spinAll(t: Test, shop: Shop, weighed: Weighed): Promise<void> {
  const { draw, sets } = weighed
  const spec = specOf(weighed)
  const seed = fixedSeed(draw)
  await storeSeed(shop.core.pool, spec, seed)
  decisionOf(await shop.gate.submit(openActivity(spec)))
  const levelOf = (index: number) => (sets.length === 1 ? 0 : index % 7)
  const commands = Array.from({ length: SPINS }, (_, index) =>
    spin(spec, `user-${index % USERS}`, { seed, name: `${draw}-${index}`, level: levelOf(index) })
  )
  const spins = (await decideAll(shop, commands)).map(({ report }) => decodeSpin(report))
  for (const [index, { level, weights }] of sets.entries()) {
    const next = sets[index + 1]?.level ?? Number.POSITIVE_INFINITY
    const own = spins.filter((spin) => spin.level >= level && spin.level < next).map(({ prize }) => prize)
    checkFit(t, `${draw}, level ${level}, ${own.length} spins`, chiSquare(countBy(own, idsOf(weighed)), weights))
  }
  if (weighed.subs.length < 2) return
  const subs = spins.flatMap(({ sub }) => (sub === '' ? [] : [sub]))
  const names = weighed.subs.map((_weight, index) => `s${index}`)
  checkFit(t, `${draw}, ${subs.length} sub-prizes`, chiSquare(countBy(subs, names), weighed.subs))
}

t.test('20,000 spins of the real gate fit the weights of their draws, levels and sub-prizes', async (t) => {
  const shop = await openShop(t, urls, { epoch: 2000 })
  for (const weighed of draws) await spinAll(t, shop, weighed)
  await atRest(shop, 60_000)
  const lines = await exportedLines(shop)
  for (const { draw } of draws) {
    const started = performance.now()
    const verdict = verifyDraw(lines, { campaign: 'c', draw })
    const seconds = (performance.now() - started) / 1000
    t.comment(
      `${draw}: ${lines.length - 2} decisions, ${SPINS} of them spins of it, verified in ${seconds.toFixed(2)} s`
    )
    t.same(verdict.ok ? '' : verdict.difference, '', `${draw} is verified`)
    t.ok(verdict.ok && verdict.report.spins === SPINS && verdict.report.missing.decisions === 0)
  }
  await assertWhole(t, shop)
})

t.test('a million numbers are evenly distributed, and none predicts the next', async (t) => {
  const weights = [1, 9, 90, 400, 500]
  const counts = { picks: zeros(weights.length), buckets: zeros(1000), pairs: zeros(100) }
  const seed = fixedSeed('a million')
  let previous = ''
  let last = 0
  for (let sequence = 1; sequence <= 1_000_000; sequence++) {
    const place = { campaign: 'c', draw: 'wheel', user: `user-${sequence % 1000}`, key: `key-${sequence}` }
    const digest = spinDigest(drawRandom(seed, place), `2000-${sequence}`, previous)
    previous = numberOf(digest)
    const bucket = Number.parseInt(previous, 16) % 1000
    bump(counts.picks, pickIndex(digest, weights))
    bump(counts.buckets, bucket)
    bump(counts.pairs, (last % 10) * 10 + (bucket % 10))
    last = bucket
  }
  checkFit(t, 'picked by weights', chiSquare(counts.picks, weights))
  checkFit(t, 'in a thousand buckets', chiSquare(counts.buckets, zeros(1000).fill(1)))
  checkFit(t, 'each number and the next, in ten by ten', chiSquare(counts.pairs, zeros(100).fill(1)))
})

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0)
}

function bump(counts: number[], index: number): void {
  counts[index] = (counts[index] ?? 0) + 1
}
