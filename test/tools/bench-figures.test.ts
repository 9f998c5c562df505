import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { asLines, compare } from '../../bench/against/comparison.ts'
import { readAttackOptions } from '../../bench/attacks/options.ts'
import { judge, type Pair } from '../../bench/attacks/verdict.ts'
import { capacityPart } from '../../bench/capacity/page.ts'
import { createLedger, keyOf } from '../../bench/load/ledger.ts'
import { cycleOf } from '../../bench/load/open-blast.ts'
import { type Part, parts } from '../../bench/measuring/cpu-by-part.ts'
import type { Measurement } from '../../bench/measuring/measurement.ts'
import { cpuMicros, parseStat } from '../../bench/measuring/process-cpu.ts'
import { readOptions } from '../../bench/options.ts'
import { asChart } from '../../bench/report/chart.ts'
import { readmePart } from '../../bench/report/publish.ts'
import { PUBLISHED, type Published, replacePart } from '../../bench/report/published.ts'
import { asMarkdown, asText, createReport } from '../../bench/report/report.ts'
import { median, ratios, summarize } from '../../bench/report/summary.ts'
import { scenarios } from '../../bench/scenarios.ts'

const machine = {
  cores: 2,
  processor: 'a processor',
  memoryGiB: 8,
  system: 'linux 6',
  node: '20.20.2',
  redis: '7.0.15',
  nats: '2.9.10',
  postgres: '15.14',
  commit: 'fsync on'
}

const build = { version: '1.2.3', commit: 'abcdef01', changed: false }

const cpuOf = (service: number): Record<Part, number> =>
  Object.fromEntries(parts.map((part) => [part, part === 'service' ? service : 1])) as Record<Part, number>

function measured(scenario: string, round: number, figures: Partial<Measurement> = {}): Measurement {
  return {
    scenario,
    round,
    answered: 1000,
    statuses: { 201: 1000 },
    unexpected: 0,
    sample: null,
    errors: 0,
    p50: 1,
    p97_5: 2,
    p99: 3,
    seconds: 1,
    perSecond: 1000,
    cpu: cpuOf(20),
    lagMs: null,
    otherCores: 0.01,
    proof: { facts: {}, broken: [] },
    ...figures
  }
}

const confirmation = (key: string, sequence: number): string =>
  JSON.stringify({ requestId: key, sequence, order: { id: `0-1-${sequence}`, quantity: 2 } })

t.test('a stat line is read although its command name holds blanks and brackets', async (t) => {
  const line = '42 (a) b (c) S 7 42 42 0 -1 4194304 1 2 3 4 10 20 30 40 20 0 1 0 99'
  t.same(parseStat(line), { parent: 7, ticks: 100 })
  t.throws(() => parseStat('nothing of the kind'))
})

t.test('the CPU time of a process grows while it computes', async (t) => {
  const before = cpuMicros({ self: [process.pid] }).self
  const end = Date.now() + 2_000
  while (cpuMicros({ self: [process.pid] }).self === before && Date.now() < end);
  t.ok(cpuMicros({ self: [process.pid] }).self > before)
  t.equal(cpuMicros({ gone: [2 ** 22 + 1] }).gone, 0, 'a process that is gone has none')
})

t.test('a ledger tells which keys have no confirmation yet, and which were confirmed twice', async (t) => {
  const ledger = createLedger('run')
  const keys = Array.from({ length: 4 }, () => keyOf('run', ledger.next()))
  ledger.confirm(confirmation(keys[0] ?? '', 11))
  ledger.confirm(confirmation(keys[2] ?? '', 13))
  ledger.confirm(confirmation(keys[2] ?? '', 12))
  t.equal(ledger.lastOrder(), '0-1-13', 'the highest sequence counts, not the last answer')
  t.same(ledger.open(), [1, 3])
  ledger.confirm(confirmation(keys[1] ?? '', 14))
  t.match(ledger.close(2), {
    confirmed: 4,
    units: 8,
    distinctKeys: 3,
    distinctSequences: 4,
    distinctOrders: 4,
    askedAgain: 2,
    unresolved: 1,
    lastOrder: '0-1-14'
  })
  t.equal(new Set(keys).size, 4)
  t.ok(
    keys.every((key) => key.length >= 8),
    'long enough for an Idempotency-Key'
  )
})

t.test('figures are medians over the rounds, ratios medians of the ratios within a round', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.throws(() => median([]))
  const runs = [10, 20, 40].flatMap((bare, index) => [
    measured('bare', index + 1, { cpu: cpuOf(bare) }),
    measured('confirmed', index + 1, { cpu: cpuOf([15, 24, 80][index] ?? 0), lagMs: 5 })
  ])
  t.match(summarize(runs), [
    { scenario: 'bare', rounds: 3, cpu: { service: 20 }, lagMs: null },
    { scenario: 'confirmed', rounds: 3, cpu: { service: 24 }, lagMs: 5 }
  ])
  const found = ratios(runs)
  t.match(found[0], { value: 1.5, perRound: [1.5, 1.2, 2], withinBound: true, withinGoal: false })
  t.match(
    found[1],
    { name: /all parts/, perRound: [1.9, 1.4, 2.1] },
    'redis, nats, worker and postgres, 1 each, and not the load'
  )
})

t.test(
  'a load by the clock is judged by what a closed loop did before, and void when it was late itself',
  async (t) => {
    const clock = { capacity: 1000, offered: 3000, outcomes: {}, refusedP99: 9, lagP99: 1, retryAfter: {}, seconds: [] }
    const overload = (round: number, perSecond: number, late: boolean) =>
      measured('overload', round, { perSecond, p99: 200, byTheClock: { ...clock, void: late, memoryGrowth: 12 } })
    const runs = [overload(1, 950, false), overload(2, 700, true), overload(3, 920, false)]
    t.match(ratios(runs), [
      { name: /capacity/, value: 0.92, withinGoal: true },
      { name: /p99/, value: 200, unit: ' ms', withinGoal: true },
      { name: /memory/, value: 12 }
    ])
    const options = readOptions(['--quick'])
    if (options === 'help') throw new Error('no help was asked for')
    t.match(options, { rounds: 1, seconds: 2 })
    const text = asText(createReport({ at: new Date(0), build, machine, options, measurements: runs }))
    t.match(text, /Void, because the generator lagged itself: overload/)
    t.match(text, /overload: 3,000 requests\/s were due, capacity 1,000\/s, confirmed 920\/s/)
  }
)

t.test('by default a dozen rows run, and requests of a mix take turns by their weights', async (t) => {
  t.ok(scenarios.filter(({ byDefault }) => byDefault).length <= 12)
  t.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
  const request = (kind: string, weight: number) => ({ kind, weight, method: 'GET' as const, path: `/${kind}` })
  const kinds = cycleOf([request('a', 3), request('b', 1)]).map(({ kind }) => kind)
  t.same(kinds, ['a', 'a', 'b', 'a'])
})

t.test('README and its chart show the result that was published, of this version', async (t) => {
  t.throws(() => replacePart('no marks', '', 'README.md'), /README.md has no place/)
  const readme = readFileSync(PUBLISHED.page, 'utf8')
  if (!existsSync(PUBLISHED.result)) {
    t.match(readme, /npm run bench.*of an earlier version/, 'figures without a result file say so')
    return
  }
  const report = JSON.parse(readFileSync(PUBLISHED.result, 'utf8')) as Published
  t.equal(replacePart(readme, readmePart(report), PUBLISHED.page), readme, 'run npm run bench -- --publish')
  const capacity = readFileSync(PUBLISHED.capacity, 'utf8')
  t.equal(replacePart(capacity, capacityPart(report), PUBLISHED.capacity), capacity, 'run npm run bench -- --publish')
  t.equal(asChart(report), readFileSync(PUBLISHED.chart, 'utf8'))
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  t.equal(report.build.version, version, 'a release is measured anew: npm run bench -- --publish')
  t.same(
    report.summaries.flatMap((summary) => summary.broken),
    []
  )
})

t.test('a published result is put between the marks of a page, and again in its place', async (t) => {
  const options = readOptions(['--seconds', '2'])
  if (options === 'help') throw new Error('no help was asked for')
  const runs = [measured('bare', 1), measured('confirmed', 1), measured('limited', 1)]
  const report = createReport({ at: new Date(0), build, machine, options, measurements: runs })
  const page = readFileSync(PUBLISHED.page, 'utf8')
  const written = replacePart(page, readmePart(report), PUBLISHED.page)
  t.match(written, /version 1\.2\.3, commit abcdef01: 2 cores/)
  t.match(written, /\| confirmed \| 1,000 \| 1\.0 \| 3\.0 \| 20\.0 \| 1\.0 /)
  t.notMatch(written, /\| limited/)
  t.equal(replacePart(written, readmePart(report), PUBLISHED.page), written)
  t.equal(written.split('\n## ').length, page.split('\n## ').length)
})

t.test('the size of a frame is of the load alone, where that was counted', async (t) => {
  const asked = { facts: { decisions: 90, frames: 30 }, broken: [] }
  const [summary] = summarize([measured('confirmed', 1, { proof: asked, decided: { decisions: 60, frames: 3 } })])
  t.equal(summary?.perFrame, 20)
  t.equal(summarize([measured('confirmed', 1, { proof: asked })])[0]?.perFrame, 3)
})

t.test('a report names what was not true, and a missed bound', async (t) => {
  const broken = { facts: { decisions: 30, frames: 4 }, broken: ['nothing was sold beyond the stock'] }
  const measurements = [
    measured('persisted', 1, { perSecond: 3000, lagMs: 120, otherCores: 0.7, proof: broken }),
    measured('peer', 1, { perSecond: 1000 })
  ]
  const options = readOptions(['--seconds', '2'])
  if (options === 'help') throw new Error('no help was asked for')
  const report = createReport({ at: new Date(0), build, machine, options, measurements })
  for (const text of [asText(report), asMarkdown(report)]) {
    t.match(text, /persisted to peer: 3\.00 x .*MISSED/)
    t.match(text, /busy meanwhile \(persisted 0\.70\)/)
    t.match(text, /7\.5/, 'orders in a frame')
    t.match(text, /round 1: nothing was sold beyond the stock/)
  }
  t.match(asMarkdown(report), /redis 7\.0\.15/)
  t.match(asChart(report), /^<svg [\s\S]*persisted: 3000 per second[\s\S]*<\/svg>\n$/)
})

t.test('two commits are compared pair by pair, and a run whose pairs disagree decides nothing', async (t) => {
  const pairsOf = (here: readonly number[]) =>
    here.map((service, index) => ({
      scenario: 'confirmed',
      pair: index + 1,
      here: measured('confirmed', index + 1, { cpu: cpuOf(service) }),
      there: measured('confirmed', index + 1, { cpu: cpuOf(100) })
    }))
  const verdictOf = (here: readonly number[]) => compare(pairsOf(here), 3)[0]
  t.match(verdictOf([99, 100, 100, 150]), { figure: 'gateway CPU', median: 1, verdict: 'within the bound' })
  t.match(verdictOf([104, 105, 105, 106]), { median: 1.05, verdict: 'BEYOND the bound' })
  t.match(verdictOf([90, 104, 106, 130]), { verdict: /^undecided/ })
  t.match(compare(pairsOf([100]), 3)[1], { figure: 'Redis CPU', median: 1 })
  t.match(asLines(compare(pairsOf([104, 105, 105, 106]), 3), 3)[0], /1\.050 x \(4 pairs, .* bound 1\.03\): BEYOND/)
})

t.test('options that make no sense are refused by name', async (t) => {
  t.throws(() => readOptions(['--seconds', 'many']), /--seconds must be a positive number/)
  t.throws(() => readOptions(['--scenario', 'bare,unheard-of']), /unheard-of/)
  t.throws(() => readOptions(['--unheard-of']), /unheard-of/)
  t.equal(readOptions(['--help']), 'help')
  t.throws(() => readOptions(['--against', 'HEAD', '--scenario', 'bare']), /bare measures no stack/)
  t.match(readOptions(['--against', 'HEAD']), { against: 'HEAD', pairs: 8, scenarios: ['confirmed', 'refused'] })
  t.match(readOptions(['--scenario', 'bare,limited']), { scenarios: ['bare', 'limited'], rounds: 3, strict: false })
})

t.test('an attack is held off when the sale beside it goes on and what it took is given back', async (t) => {
  const run = (p99: number, inTime = 1000) => ({ name: 'buys', sent: 1000, inTime, statuses: {}, p50: 1, p99 })
  const footprint = (descriptors: number, memory: number) => ({ descriptors, memory })
  const pair = (part: Partial<Pair> = {}): Pair => ({
    calm: run(10),
    attacked: run(12),
    before: footprint(60, 150),
    after: footprint(60, 150),
    ...part
  })
  const broken = (...pairs: Pair[]) => judge(pairs).broken
  t.same(broken(pair(), pair(), pair()), [])
  t.same(broken(pair({ attacked: run(99) })), [], 'a tenth of a second is fine whatever the calm one was')
  t.same(broken(pair({ calm: run(50), attacked: run(149) })), [], 'and so is three times as long')
  t.same(broken(pair(), pair({ attacked: run(500) }), pair()), [], 'the median counts')
  t.match(broken(pair({ calm: run(50), attacked: run(151) })), [/p99 is 151 ms, more than 150 ms/])
  t.match(broken(pair({ attacked: run(10, 900) }), pair(), pair()), [/96.67 % of the buys/])
  t.match(broken(pair({ after: footprint(81, 150) })), [/21 descriptors/])
  t.match(broken(pair({ after: footprint(39, 150) })), [/-21 descriptors/], 'the gateway is another one')
  t.match(broken(pair({ after: footprint(60, 181) })), [/31 MB/])
  t.same(readAttackOptions(['--only', 'D1,D5', '--seconds', '5']), { only: ['D1', 'D5'], seconds: 5, pairs: 3 })
  t.throws(() => readAttackOptions(['--only', 'D9']), /no attack "D9"/)
  t.throws(() => readAttackOptions(['--pairs', '0']), /positive/)
})
