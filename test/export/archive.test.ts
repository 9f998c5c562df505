import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { archiveLines, archivePages } from '../../src/export/archive.ts'
import { fileLines, readWhole } from '../../src/export/file-lines.ts'
import { exportJournal } from '../../src/export/journal.ts'
import { lineOf, rowOf } from '../../src/export/lines.ts'
import type { GivenArchive } from '../../src/export/merged.ts'
import { withArchives } from '../../src/export/with-archives.ts'
import { ARCHIVING } from '../../src/record/replay.ts'
import { countByCampaign } from '../../src/store/projection/campaign-places.ts'
import { type JournalRow, lastDecision, readJournal } from '../../src/store/reading/journal-export.ts'
import { DrawVerifier, type Verdict, verifyDraw } from '../../src/verify/draw-verifier.ts'
import { isBalances, isHeader, type JournalHeader, readLine } from '../../src/verify/journal-line.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { foldAll } from '../support/shop/forgetting.ts'
import { fixedSeed, spin, storeSeed } from '../support/shop/one-draw.ts'
import { openActivity, pointsWheel } from '../support/shop/participation.ts'
import { names, play } from '../support/shop/played-draws.ts'
import { atRest, decisionOf, openShop, type Shop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)
const folder = t.testdir()
const parts = await openShop(t, urls, { epoch: 1000 })

/** A draw of another campaign that is paid with points from before it. */
const late = { ...pointsWheel(3), campaign: 'late' }
const seed = fixedSeed('late')

async function linesOf({ core }: Shop, campaign: string): Promise<string[]> {
  const lines: string[] = []
  const options = { namespace: core.config.NAMESPACE, campaign }
  for await (const { text } of archivePages(core.pool, options)) lines.push(...text.trimEnd().split('\n'))
  const streamed: string[] = []
  for await (const line of archiveLines(core.pool, options)) streamed.push(line)
  t.same(streamed, lines.slice(0, -1), 'the lines are those of the file but for its end')
  return lines
}

async function rowsOf({ core }: Shop, campaign: string): Promise<JournalRow[]> {
  const through = (await lastDecision(core.pool, 0)) ?? { epoch: 0, sequence: 0 }
  const rows: JournalRow[] = []
  for await (const page of readJournal(core.pool, { shard: 0, through, campaign })) rows.push(...page)
  return rows.filter(({ mine }) => mine)
}

const difference = (verdict: Verdict): string => (verdict.ok ? '' : JSON.stringify(verdict.difference))

const headerOf = (lines: readonly string[]) => JSON.parse(lines[0] ?? '') as JournalHeader

await play(parts)
await storeSeed(parts.core.pool, late, seed)
decisionOf(await parts.gate.submit(openActivity(late)))
for (const [round, user] of [...names, ...names, ...names].entries())
  await parts.gate.submit(spin(late, user, { seed, name: `late-${round}` }))
await atRest(parts)
await foldAll(parts)
while ((await countByCampaign(parts.core.pool, 0, ARCHIVING)) > 0);

t.test('an archive is the same text each time, and its draws are verified from it alone', async (t) => {
  for (const [campaign, draws] of [
    ['c', ['wheel', 'vips']],
    ['late', ['wheel']]
  ] as const) {
    const lines = await linesOf(parts, campaign)
    t.same(await linesOf(parts, campaign), lines)
    for (const draw of draws) {
      const verdict = verifyDraw(lines, { campaign, draw })
      t.equal(difference(verdict), '')
      t.ok(verdict.ok && verdict.report.spins >= 10, `${campaign}/${draw}`)
    }
    const { exportedAt, openEpoch, through, ...header } = headerOf(lines)
    t.match(header, { shard: 0, campaign, from: null, masked: false })
    t.equal(exportedAt, undefined)
    t.equal(openEpoch, null)
    t.equal(JSON.parse(lines.at(-2) ?? '').id, through)
  }
})

t.test(
  'what users had before stands in the archive of a later draw, and spins cannot be verified without it',
  async (t) => {
    const lines = await linesOf(parts, 'late')
    const before = lines.filter(isBalances).map((line) => JSON.parse(line))
    t.same(before.map(({ user }) => user).sort(), [...names].sort())
    t.ok(before.every((line) => line.before['b:points'] > 0))
    const place = { campaign: 'late', draw: 'wheel' }
    const without = lines.filter((line) => !isBalances(line))
    t.match(verifyDraw(without, place), { ok: false, difference: { what: /points/ } })
    const [first = ''] = lines.filter(isBalances)
    const changed = first.replace(/"b:points":(\d+)/, (_, held) => `"b:points":${Number(held) + 1}`)
    t.match(verifyDraw(lines.with(lines.indexOf(first), changed), place), { ok: false })
  }
)

t.test('every row of a campaign is in its archive with all that it has', async (t) => {
  for (const campaign of ['c', 'late', 'other']) {
    const lines = (await linesOf(parts, campaign)).slice(0, -1)
    const decisions = lines.filter((line) => !isHeader(line) && !isBalances(line)).map(readLine)
    const own = decisions.map(rowOf).filter(({ mine }) => mine)
    t.same(own, await rowsOf(parts, campaign))
    t.ok(own.length > 10)
    const { rows } = await parts.core.pool.query('select * from decisions where campaign_id = $1', [campaign])
    t.equal(own.length, rows.length)
  }
})

/** Takes rows out of Postgres as an archive of the campaign does, once its file is written. @returns the file */
async function leave(campaign: string): Promise<GivenArchive> {
  const { pool } = parts.core
  const lines = await linesOf(parts, campaign)
  const path = join(folder, `${campaign}.ndjson.gz`)
  writeFileSync(path, gzipSync(`${lines.join('\n')}\n`))
  const { sha256 } = JSON.parse(lines.at(-1) ?? '') as { sha256: string }
  await pool.query("insert into campaigns (campaign_id, author) values ($1, 'test') on conflict do nothing", [campaign])
  await pool.query("insert into archives (campaign_id, sha256, reason, operator) values ($1, $2, '', '')", [
    campaign,
    sha256
  ])
  await pool.query(
    `insert into archive_parts (campaign_id, shard, step, last_epoch, last_sequence)
     select campaign_id, shard, 'clearing', last_epoch, last_sequence from campaign_places where campaign_id = $1`,
    [campaign]
  )
  await pool.query('delete from decisions where campaign_id = $1', [campaign])
  return { path, campaign, sha256 }
}

async function exported(campaign: string, archives: readonly GivenArchive[] = []): Promise<string[]> {
  const lines: string[] = []
  const { pool, config } = parts.core
  const options = { namespace: config.NAMESPACE, shard: 0, campaign, mask: false, now: Date.now(), archives }
  for await (const { text } of exportJournal(pool, options)) lines.push(...text.trimEnd().split('\n'))
  return lines
}

const decisionsIn = (lines: readonly string[]) => lines.slice(1, -1).filter((line) => !isBalances(line))

t.test('what has left Postgres comes back from archives, and nobody takes it for lost', async (t) => {
  const before = { all: decisionsIn(await exported('')), c: decisionsIn(await exported('c')) }
  const wheel = { campaign: 'c', draw: 'wheel' }
  const { pool, config } = parts.core
  const all = { namespace: config.NAMESPACE, shard: 0, campaign: '', mask: false, now: Date.now() }
  const underWay = exportJournal(pool, all)
  await underWay.next()
  const other = await leave('other')
  const toItsEnd = async () => {
    for await (const _page of underWay);
  }
  await t.rejects(toItsEnd(), { message: /Decisions of other left/ }, 'what left meanwhile is not passed over')

  const alone = await exported('c')
  t.match(headerOf(alone).left, [{ campaign: 'other', sha256: other.sha256 }])
  t.equal(alone.length, before.c.length + 2 - (await countOf(other)))
  const verdict = verifyDraw(alone, wheel)
  t.equal(difference(verdict), '')
  t.match(verdict, { report: { missing: { decisions: 0 }, unlinked: 0 } })
  t.ok(verdict.ok && (verdict.report.archived.get('other') ?? 0) > 10)

  for (const draw of ['wheel', 'vips']) {
    const found = await verifiedWith(alone, draw, [other.path])
    t.equal(difference(found), '', `${draw}, with the archive beside it`)
    t.match(found, { report: { missing: { decisions: 0 }, archived: new Map() } })
  }

  const merged = await exported('c', [other])
  t.equal(headerOf(merged).left, undefined)
  t.same(decisionsIn(merged), before.c)
  t.same(decisionsIn(await exported('', [other])), before.all)

  const own = await leave('c')
  t.same(decisionsIn(await exported('', [own, other])), before.all, 'in any order')
  const again = await exported('c', [other, own])
  t.same(decisionsIn(again), before.c)
  for (const draw of ['wheel', 'vips']) t.equal(difference(verifyDraw(again, { campaign: 'c', draw })), '')
  const late = await exported('late')
  t.match(headerOf(late), { begins: /^0-1000-/ })
  const verified = verifyDraw(late, { campaign: 'late', draw: 'wheel' })
  t.equal(difference(verified), '', 'what left before its beginning is not missed')
  t.match(verified, { report: { missing: { decisions: 0 } } })
})

/** The verdict about a draw of `c`, with archives beside the file. */
async function verifiedWith(lines: readonly string[], draw: string, paths: readonly string[]): Promise<Verdict> {
  const verifier = new DrawVerifier({ campaign: 'c', draw })
  const pages = (async function* () {
    for (let at = 0; at < lines.length; at += 7) yield lines.slice(at, at + 7)
  })()
  for await (const line of withArchives(pages, paths)) {
    if (!(typeof line === 'string' ? verifier.add(line) : verifier.addOther(line))) break
  }
  return verifier.finish()
}

async function countOf({ path, campaign }: GivenArchive): Promise<number> {
  let count = 0
  await readWhole(fileLines(createReadStream(path), path), path, (line) => {
    if (!isHeader(line) && !isBalances(line) && readLine(line).campaign === campaign) count += 1
  })
  return count
}

const name = fc.string({ minLength: 1, maxLength: 12 })
const texts = fc.dictionary(name, fc.dictionary(name, fc.string()))
const rows: fc.Arbitrary<JournalRow> = fc.record({
  epoch: fc.integer({ min: 1 }),
  sequence: fc.integer({ min: 1 }),
  batch: fc.integer({ min: 1 }),
  at_ms: fc.date({ min: new Date(0), max: new Date('2099-01-01'), noInvalidDate: true }).map(Number),
  mine: fc.constant(true),
  type: fc.constantFrom('order.accepted', 'spin.won', 'campaign.archived'),
  user: name,
  key: fc.string(),
  hash: fc.string(),
  campaign: name,
  activity: fc.string(),
  session: fc.string(),
  entity: fc.string(),
  request: fc.jsonValue(),
  adds: fc.dictionary(name, fc.dictionary(name, fc.maxSafeInteger())),
  puts: texts,
  dels: fc.option(fc.dictionary(name, fc.array(fc.string()))),
  record: fc.string(),
  report: fc.string()
})

t.test('whatever a row holds comes back from its line as it was', async (t) => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 0, max: 99 }), (row, shard) => {
      const text = JSON.stringify(lineOf(row, { shard, campaign: row.campaign }))
      t.notMatch(text, '\n')
      t.equal(JSON.stringify(rowOf(readLine(text)), sorted), JSON.stringify(row, sorted))
    }),
    { numRuns: 500 }
  )
})

/** Members in the order of their names: two objects are equal when their texts are. */
function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
