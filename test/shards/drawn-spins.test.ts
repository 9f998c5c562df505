import t, { type Test } from 'tap'
import { shardOf } from '../../src/base/shards.ts'
import { Catalogue } from '../../src/campaign/carrying/catalogue.ts'
import type { Decision } from '../../src/gate/batch/outcomes.ts'
import type { Decider } from '../../src/gate/gate.ts'
import { createDecisionFinder } from '../../src/http/answering/find-decision.ts'
import { decodeSpin } from '../../src/record/reports/spin.ts'
import { dueSpins } from '../../src/store/projection/drawn-spins.ts'
import { type Verdict, verifyDraw } from '../../src/verify/draw-verifier.ts'
import { SpinDriver } from '../../src/worker/drivers/finish-spins.ts'
import { shardsEnv, sharedServers } from '../support/servers/servers.ts'
import { insist } from '../support/shop/core.ts'
import { exportedLines, fixedSeed, spin, storeSeed } from '../support/shop/one-draw.ts'
import { credit, openActivity, pointsWheel } from '../support/shop/participation.ts'
import { assertWhole, atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'

const COUNT = 4
const urls = { ...(await sharedServers(t)), env: shardsEnv(COUNT) }
const users = Array.from({ length: 60 }, (_, n) => `user-${n}`).filter((user) => shardOf(user, COUNT) === 0)
const [ann = ''] = users
const seed = fixedSeed('drawn')
/** Nothing but the first prize, of which the first shard has none. */
const wheel = { ...pointsWheel(0, { edition: '2', weights: '0:1,0,0', memory: '1', guarantee: '3:first' }) }
const draw = { campaign: 'c', draw: 'wheel' }

async function openWheel(t: Test): Promise<Shop> {
  const shop = await openShop(t, urls)
  for (const shard of shop.gate.numbers) decisionOf(await shop.gate.submit({ ...openActivity(wheel), shard }))
  for (const user of users) decisionOf(await insist(() => shop.gate.submit(credit(user, 'b:points', 100))))
  return shop
}

const spinOf = (user: string, name = 'one') => spin(wheel, user, { seed, name })

/** Units as they come from another shard. */
const come = async (shop: Shop, units: number) =>
  decisionOf(
    await insist(() =>
      shop.gate.submit({
        ...openActivity(wheel),
        shard: 0,
        type: 'campaign.adjusted',
        key: 'x:adj:more',
        hash: 'more',
        puts: [],
        adds: [['s:c:wheel', 'first:remaining', units]]
      })
    )
  )

const driverOf = ({ core: { pool } }: Shop, gate: Decider) =>
  new SpinDriver({ pool, gate, catalogue: new Catalogue({ pool }), shard: 0 })

/** The answer to a request by its key, once from Redis and once from Postgres alone. */
async function answers({ gate, core: { pool } }: Shop, user: string, key: string) {
  const forgotten = { ...gate, lookup: async () => undefined, unstoredUnder: async () => undefined }
  const found = [createDecisionFinder(gate, pool), createDecisionFinder(forgotten, pool)]
  return Promise.all(found.map((finder) => finder.outcomeOf(user, key)))
}

const decided = async ({ core: { pool } }: Shop, type: string, times: number) =>
  waitFor(async () => (await pool.query('select 1 from decisions where type = $1', [type])).rowCount === times, {
    what: `${times} decisions ${type} to be stored`
  })

/** A spin of each of these users is drawn and stored, and no worker runs. One that was quick to see that no shard has a unit ends some: then anew. */
async function drawnAndStored(
  t: Test,
  spinners: readonly string[]
): Promise<{ shop: Shop; drawings: readonly Decision[] }> {
  for (let tries = 0; tries < 20; tries += 1) {
    const shop = await openWheel(t)
    const outcomes = await Promise.all(spinners.map((user) => shop.gate.submit(spinOf(user))))
    const drawings = outcomes.flatMap((outcome) => (outcome.kind === 'pending' ? [outcome.decision] : []))
    if (drawings.length < spinners.length) continue
    await decided(shop, 'spin.drawn', spinners.length)
    await shop.stopWorker()
    const found = await Promise.all(spinners.map((user) => answers(shop, user, 'one')))
    if (found.flat().every((answer) => answer === 'pending')) return { shop, drawings }
  }
  throw new Error('Each time a worker had ended some of them.')
}

t.test('a drawn spin is due until it is ended, whoever ends it and however often', async (t) => {
  const { shop } = await drawnAndStored(t, users.slice(0, 3))
  const { gate, core } = shop
  t.match(await dueSpins(core.pool, { shard: 0, most: 9, after: undefined }), [
    { campaign: 'c', activity: 'wheel' },
    {},
    {}
  ])
  t.same(await dueSpins(core.pool, { shard: 1, most: 9, after: undefined }), [])
  t.same(await answers(shop, ann, 'one'), ['pending', 'pending'])

  await come(shop, 2)
  // a worker dies before it asks, another one before it hears of it
  await t.rejects(driverOf(shop, { submit: () => Promise.reject(new Error('killed')) }).step())
  const deaf: Decider = {
    async submit(command) {
      await insist(() => gate.submit(command), 1)
      throw new Error('killed')
    }
  }
  await t.rejects(driverOf(shop, deaf).step())
  await Promise.all([driverOf(shop, gate).step(), driverOf(shop, gate).step()])
  const told = await Promise.all(users.slice(0, 3).map((user) => gate.submit(spinOf(user))))
  t.same(told.map(({ kind }) => kind).sort(), ['confirmed', 'confirmed', 'pending'], 'two came, so one waits')

  core.worker()
  await decided(shop, 'spin.won', 2)
  // nobody has a unit for the third one
  await decided(shop, 'spin.lost', 1)
  await atRest(shop)
  await assertWhole(t, shop)
})

const difference = (verdict: Verdict) => (verdict.ok ? '' : JSON.stringify(verdict.difference))

/** Lines of which the first one that fits is changed. */
const changed = (lines: readonly string[], fits: RegExp, change: (line: string) => string): string[] => {
  const at = lines.findIndex((line) => fits.test(line))
  return lines.map((line, index) => (index === at ? change(line) : line))
}

t.test('its answer is found by its own key, and the journal proves that it was rolled once', async (t) => {
  const { shop, drawings } = await drawnAndStored(t, [ann])
  const [first] = drawings.map(({ report }) => decodeSpin(report))
  await come(shop, 1)
  shop.core.worker()
  await decided(shop, 'spin.won', 1)
  const [live, stored] = await answers(shop, ann, 'one')
  for (const found of [live, stored]) {
    if (found === undefined || found === 'pending') throw new Error(String(found))
    const { decision, activity } = found
    const { number, moves } = decodeSpin(decision.report)
    t.equal(activity, 'wheel')
    t.match(decision, { type: 'spin.won', win: { prize: 'first' } })
    t.equal(number, first?.number)
    t.same(
      moves.map(({ delta }) => delta),
      [-10],
      'what it cost'
    )
  }
  const again = await insist(() => shop.gate.submit(spinOf(ann, 'two')))
  if (again.kind !== 'pending' && again.kind !== 'confirmed') throw new Error(JSON.stringify(again))
  t.equal(decodeSpin(again.decision.report).previous, first?.number, 'the chain goes on')
  // nobody has a unit, which is known at once or later
  await decided(shop, 'spin.lost', 1)
  await atRest(shop)
  await storeSeed(shop.core.pool, wheel, seed)
  const lines = await exportedLines(shop, { campaign: 'c' })
  const verdict = verifyDraw(lines, draw)
  t.ok(verdict.ok, difference(verdict))
  if (verdict.ok) t.match(verdict.report, { spins: 2 })
  if (verdict.ok) t.equal(verdict.report.prizes.get('first'), 1)

  const end = /"key":"x:spin:/
  const { number = '' } = first ?? {}
  const other = number.startsWith('0') ? `1${number.slice(1)}` : `0${number.slice(1)}`
  const lies: Array<[what: RegExp, change: (line: string) => string]> = [
    [/the number that was rolled/, (line) => line.replace(`"first,,${number}`, `"first,,${other}`)],
    [/the prize/, (line) => line.replace('"report":"first,', '"report":"thanks,')],
    [/the spin that it ends/, (line) => line.replace(/x:spin:0-(\d+)-\d+/, 'x:spin:0-$1-1')],
    [/what it adds to/, (line) => line.replace('"wn:c/wheel":1', '"wn:c/wheel":2')]
  ]
  for (const [what, change] of lies) {
    const lie = verifyDraw(changed(lines, end, change), draw)
    t.match(difference(lie), what)
  }
  const twice = lines.findIndex((line) => end.test(line))
  t.notOk(
    verifyDraw([...lines.slice(0, twice), ...lines.slice(twice + 1)], draw).ok,
    'a spin beside one that is not ended'
  )
})
