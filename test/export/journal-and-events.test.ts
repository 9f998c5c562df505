import { connect } from 'nats'
import t from 'tap'
import { exportEvents } from '../../src/export/events.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { type Verdict, verifyDraw } from '../../src/verify/draw-verifier.ts'
import type { JournalLine } from '../../src/verify/journal-line.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { exportedLines, fixedSeed, spin, storeSeed } from '../support/shop/one-draw.ts'
import { type ActivitySpec, changeWin, credit, openActivity, takePart } from '../support/shop/participation.ts'
import { atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'
import { differsInLevelOnly, tamperings } from '../support/toy-gate/tampering.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)
const names = ['ann', 'ben', 'cid', 'dan']

/** Everything that a draw can do in one: daily and extra chances, caps, levels, cards, sub-prizes, promises. */
const wheel: ActivitySpec = {
  campaign: 'c',
  activity: 'wheel',
  kind: 'draw',
  rules: {
    cost_unit: 'chances:wheel',
    cost_field: 'ch:c/wheel',
    cost: '1',
    daily: '2',
    keep: '1',
    per_day: '60',
    edition: '2',
    prizes: 'first,even,again,card,points,miss,thanks',
    weights: '0:1,4,2,1,4,3,4;3:8,1,1,1,3,1,1',
    fallback: 'thanks',
    guarantee: '2:first',
    memory: '1',
    wins_per_campaign: '25',
    wins_per_tier: '1:3',
    'prize:first': '1;physical;1;2;0;86400000;399900;;',
    'prize:even': '2;coupon;1;0;1;0;100;;',
    'prize:again': '3;chances;0;0;0;0;0;chances:wheel ch:c/wheel 2 5 0;',
    'prize:card': '4;doubler;0;0;0;0;0;doubler db:c 2 0 0 24 check-in;',
    'prize:points': '5;points;0;0;0;0;50;points b:points 50 0 0,entitlement:vip e:c/vip 1 0 0;',
    'prize:miss': '9;nothing;0;0;0;0;0;;',
    'prize:thanks': '9;points;0;0;0;0;0;;small~3~points b:points 1 0 0|large~1~points b:points 9 0 0'
  },
  stock: { first: 4, even: 6 }
}

const shop: ActivitySpec = {
  campaign: 'c',
  activity: 'vips',
  kind: 'draw',
  rules: {
    entitlement: 'vip',
    cost_unit: 'points',
    cost_field: 'b:points',
    cost: '7',
    prizes: 'cup,thanks',
    weights: '0:1,3',
    fallback: 'thanks',
    'prize:cup': '1;physical;1;0;0;0;0;;',
    'prize:thanks': '9;nothing;0;0;0;0;0;;'
  },
  stock: { cup: 2 }
}

const elsewhere: ActivitySpec = {
  campaign: 'other',
  activity: 'mug',
  kind: 'redemption',
  rules: { cost_unit: 'points', cost_field: 'b:points', cost: '3' },
  stock: { all: 50 }
}

const seeds = { wheel: fixedSeed('wheel'), vips: fixedSeed('vips') }

async function play({ gate, core }: Shop): Promise<void> {
  await storeSeed(core.pool, wheel, seeds.wheel)
  await storeSeed(core.pool, shop, seeds.vips)
  for (const spec of [wheel, shop, elsewhere]) decisionOf(await gate.submit(openActivity(spec)))
  for (const user of names) {
    decisionOf(await gate.submit(credit(user, 'b:points', 200)))
    decisionOf(await gate.submit(credit(user, 'ch:c/wheel', 20)))
  }
  const won: Array<{ user: string; win: string }> = []
  for (let round = 0; round < 24; round++) {
    for (const [level, user] of names.entries()) {
      const outcome = await gate.submit(spin(wheel, user, { seed: seeds.wheel, name: `wheel-${round}`, level }))
      if (outcome.kind !== 'confirmed') continue
      const { win } = outcome.decision
      if (win && ['first', 'even', 'again'].includes(win.prize)) won.push({ user, win: win.id })
      await gate.submit(spin(shop, user, { seed: seeds.vips, name: `vips-${round}` }))
      await gate.submit(takePart(elsewhere, user, { key: `u:mug-${round}` }))
    }
    const taken = round % 5 === 4 ? won.shift() : undefined
    if (taken) decisionOf(await gate.submit(changeWin(wheel, 'revoke', taken)))
    if (round === 12) {
      const put = ['a:c:wheel', 'weights', '0:5,4,2,1,4,3,4;3:8,1,1,1,3,1,1'] as const
      const more = ['s:c:wheel', 'first:remaining', 3] as const
      const adjusted = { ...openActivity(wheel), key: 'x:adj:1', hash: 'more', puts: [put], adds: [more] }
      decisionOf(await gate.submit(adjusted))
    }
  }
}

function difference(verdict: Verdict): string {
  return verdict.ok ? '' : JSON.stringify(verdict.difference)
}

const place = (draw: string) => ({ campaign: 'c', draw })

t.test('what the real gate journaled is verified, exported whole or for one campaign', async (t) => {
  const parts = await openShop(t, urls, { epoch: 1000 })
  await play(parts)
  await atRest(parts)
  const lines = await exportedLines(parts)
  for (const draw of ['wheel', 'vips']) {
    const verdict = verifyDraw(lines, place(draw))
    t.equal(difference(verdict), '')
    t.ok(verdict.ok && verdict.report.spins >= 10)
  }
  const wheelVerdict = verifyDraw(lines, place('wheel'))
  for (const reason of ['exhausted', 'early', 'capped', 'unreleased', 'guaranteed']) {
    t.ok(wheelVerdict.ok && wheelVerdict.report.reasons.has(reason), `${reason} was seen`)
  }

  const own = await exportedLines(parts, { campaign: 'c' })
  t.equal(own.length, lines.length, 'decisions of other campaigns keep their places')
  const others = own
    .slice(1, -1)
    .map((line) => JSON.parse(line) as JournalLine)
    .filter(({ type }) => type === 'other')
  t.ok(others.length > 10)
  t.ok(others.every(({ campaign, key, request, puts }) => campaign + key === '' && request === null && !puts.u))
  t.ok(others.some(({ adds, report }) => adds.u?.['b:points'] === -3 && report.startsWith('|points -3 ')))
  for (const draw of ['wheel', 'vips']) t.equal(difference(verifyDraw(own, place(draw))), '')

  const hidden = await exportedLines(parts, { mask: true })
  t.notMatch(hidden.join(), /\b(?:ann|ben|cid|dan)\b|wheel-1\b/, 'neither users nor keys')
  t.throws(() => verifyDraw(hidden, place('wheel')), /masked/)
  const [second = ''] = lines.slice(40)
  const { id } = JSON.parse(second) as JournalLine
  const later = await exportedLines(parts, { from: id })
  t.same(later.slice(1, -1), lines.slice(40, -1), 'an export may go on where another one ended')

  let tried = 0
  for (const at of [10, 50, 51, 90, 130, 131, 160, lines.length - 21]) {
    const text = lines[at] ?? ''
    const { campaign, activity, type } = JSON.parse(text) as JournalLine
    if (!type.startsWith('spin.') || campaign !== 'c') continue
    for (const { what, text: other } of tamperings(JSON.parse(text) as Record<string, unknown>)) {
      // from the level another set of weights follows only now and then
      if (differsInLevelOnly(text, other)) continue
      tried += 1
      const verdict = verifyDraw(lines.with(at, other), place(activity))
      t.notOk(verdict.ok, `${what}: ${verdict.ok ? `${text} ${other}` : verdict.difference.what}`)
    }
  }
  t.ok(tried > 100, `${tried} changes of fields were tried`)
})

t.test('exported events are those of the public stream', async (t) => {
  const parts = await openShop(t, urls, { epoch: 1000 })
  await play(parts)
  await atRest(parts)
  const names = streamNames(parts.core.config.NAMESPACE)
  const exported: string[] = []
  for await (const { text } of exportEvents(parts.core.pool, { names, shard: 0, campaign: '' })) {
    exported.push(...text.trimEnd().split('\n'))
  }
  const parse = (texts: string[]) =>
    texts.map((text) => JSON.parse(text) as { id: string }).sort((a, b) => (a.id < b.id ? -1 : 1))
  await waitFor(async () => (await told(names.publicStream)).length >= exported.length, {
    what: 'all events on the stream'
  })
  t.same(parse(exported), parse(await told(names.publicStream)))
  t.ok(exported.length > 100)
})

/** Everything on a stream. */
async function told(stream: string): Promise<string[]> {
  const connection = await connect({ servers: urls.natsUrl })
  try {
    const jsm = await connection.jetstreamManager()
    const { state } = await jsm.streams.info(stream)
    const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index)
    const messages = await Promise.all(sequences.map((seq) => jsm.streams.getMessage(stream, { seq })))
    return messages.map((message) => message.string())
  } finally {
    await connection.close()
  }
}
