import t from 'tap'
import { exportedDraws } from '../../src/export/draws.ts'
import type { ParticipateCommand } from '../../src/gate/batch/commands.ts'
import { festival } from '../../src/stack/demo/festival.ts'
import { luckyWeek } from '../../src/stack/demo/lucky-week.ts'
import { insertSeed, readSeeds } from '../../src/store/campaigns/draws.ts'
import { closeIntent, insertIntent } from '../../src/store/campaigns/intents.ts'
import { type Verdict, verifyDraw } from '../../src/verify/draw-verifier.ts'
import type { JournalHeader } from '../../src/verify/journal-line.ts'
import { ada, setUp } from '../campaign/at-the-gate.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'
import { commitmentOf, exportedLines, fixedSeed, spin } from '../support/shop/one-draw.ts'
import { credit, takePart } from '../support/shop/participation.ts'
import { atRest } from '../support/shop/shop.ts'

const parts = await setUp(t)
const { campaigns, core, publish, realGate: gate } = parts
const users = ['ann', 'ben', 'cid', 'dan', 'eve']

async function seedOf(campaign: string, draw: string): Promise<Buffer> {
  const found = (await readSeeds(core.pool, [campaign])).get(campaign)?.get(draw)
  if (!found) throw new Error(`${campaign}/${draw} has no seed`)
  return found.seed
}

/** Whoever can, spins once; refusals are no decisions. */
async function spinAll(campaign: string, activity: string, round: string): Promise<void> {
  const seed = await seedOf(campaign, activity)
  const commands = users.map((user, level) =>
    spin({ campaign, activity, kind: 'draw' }, user, { seed, name: `${campaign}-${round}`, level })
  )
  await Promise.all(commands.map((command) => gate.submit(command)))
}

async function doTask(campaign: string, activity: string): Promise<void> {
  const commands: ParticipateCommand[] = users.map((user) =>
    takePart({ campaign, activity }, user, { key: `u:${campaign}-${activity}` })
  )
  await Promise.all(commands.map((command) => gate.submit(command)))
}

function headerOf(lines: readonly string[]): JournalHeader {
  return JSON.parse(lines[0] ?? '') as JournalHeader
}

async function exported(campaign: string): Promise<string[]> {
  await atRest(parts)
  return exportedLines(parts, { campaign })
}

const difference = (verdict: Verdict) => (verdict.ok ? '' : JSON.stringify(verdict.difference))

t.test('draws as operators define them are verified once they are over, changes of their rules included', async (t) => {
  const now = Date.now()
  await publish(luckyWeek('week', now))
  await publish(festival('fest', now))
  await doTask('week', 'check-in')
  await doTask('fest', 'stamp')
  for (let round = 0; round < 6; round++) {
    await spinAll('week', 'wheel', `before-${round}`)
    await spinAll('fest', 'capsules', `before-${round}`)
  }
  const change = { reason: 'more of it', weights: { coupon: 500, thanks: 49 } }
  await campaigns.patchActivity({ campaign: 'week', activity: 'wheel' }, change, ada)
  const more = { reason: 'more of it', prize: 'coupon', addStock: 7 }
  await campaigns.patchActivity({ campaign: 'week', activity: 'wheel' }, more, ada)
  for (const user of users) await gate.submit(credit(user, 'ch:week/wheel', 4))
  for (let round = 0; round < 4; round++) await spinAll('week', 'wheel', `after-${round}`)

  t.equal(headerOf(await exported('week')).draws[0]?.seed, undefined, 'secret while the draw is open')
  for (const campaign of ['week', 'fest']) await campaigns.end(campaign, ada)

  for (const [campaign, draw] of [
    ['week', 'wheel'],
    ['fest', 'capsules']
  ] as const) {
    const lines = await exported(campaign)
    const revealed = headerOf(lines).draws[0]?.seed
    t.equal(revealed, (await seedOf(campaign, draw)).toString('hex'))
    const verdict = verifyDraw(lines, { campaign, draw })
    t.equal(difference(verdict), '')
    if (verdict.ok) t.match(verdict.report, { users: users.length, missing: { decisions: 0 } })
    t.ok(verdict.ok && verdict.report.spins >= 15)
  }
})

t.test('a seed is revealed when its draw is over, for the gate too', async (t) => {
  const { pool } = await startCore(t, await sharedServers(t))
  const seed = fixedSeed('revealed')
  const now = Date.now()
  const closesAt = now + 3_600_000
  const draw = { id: 'wheel', kind: 'draw', sessions: [{ closesAt }] }
  const rules = JSON.stringify({ closesAt: closesAt + 1000, activities: [draw] })
  await pool.query(
    "insert into campaigns (campaign_id, author, published_version, rules) values ('c', 'test', 1, $1), ('d', 'test', null, null)",
    [rules]
  )
  for (const campaign of ['c', 'd']) {
    await insertSeed(pool, { campaign, activity: 'wheel' }, { seed, commitment: commitmentOf(seed) })
  }
  const shown = async (at: number) =>
    (await exportedDraws(pool, '', at)).map((one) => one.seed?.slice(0, 4) ?? 'secret')
  t.same(await shown(now), ['secret'], 'a campaign that is not published is not there at all')
  t.same(await shown(closesAt + 1000), ['secret'], 'clocks differ a little')
  t.same(await shown(closesAt + 2000), [seed.toString('hex').slice(0, 4)])
  const intent = await insertIntent(pool, {
    campaign: 'c',
    activity: '',
    user: '$system',
    type: 'campaign.ended',
    puts: [],
    adds: [],
    request: '{}',
    by: 'test'
  })
  await pool.query("update campaigns set ended = true where campaign_id = 'c'")
  t.same(await shown(closesAt + 2000), ['secret'], 'the gate has not heard of the end yet')
  await closeIntent(pool, intent, { decision: '0-1-1', applied: [] })
  t.same(await shown(now), [seed.toString('hex').slice(0, 4)], 'ended early')
  t.same(await exportedDraws(pool, 'other', now), [])
})
