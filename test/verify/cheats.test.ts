import fc from 'fast-check'
import t from 'tap'
import { CommandError } from '../../src/base/errors.ts'
import { type Verdict, verifyDraw } from '../../src/verify/draw-verifier.ts'
import { type GivingFrame, Supply } from '../../src/verify/supply.ts'
import { commitmentOf, fixedSeed } from '../support/shop/one-draw.ts'
import type { ToyDraw } from '../support/toy-gate/toy-draw.ts'
import { type ToyCheat, ToyGate, toyPlace, withEnd } from '../support/toy-gate/toy-gate.ts'

const seed = fixedSeed('cheats')
const friend = 'ann'
const draw: ToyDraw = {
  cost: 10,
  winsMost: 0,
  prizes: [
    { id: 'first', tier: 1, weight: 1, quota: 3 },
    { id: 'points', tier: 2, weight: 2, points: 5 },
    { id: 'thanks', tier: 9, weight: 2 }
  ]
}

/** Forty spins of two users in turn, all journaled and settled at once. */
function played(cheat: ToyCheat, rules: ToyDraw = draw): Verdict {
  const gate = new ToyGate(rules, seed, cheat)
  gate.creditAll(['ann', 'ben'], 1000)
  gate.store.settleAll()
  for (let spin = 0; spin < 40; spin++) {
    gate.batch(100, () => gate.spin(spin % 2 === 0 ? 'ann' : 'ben'))
    gate.store.settleAll()
  }
  return verifyDraw(gate.lines(), toyPlace)
}

function foundIn(verdict: Verdict): string {
  if (verdict.ok) return ''
  const { what, expected, found } = verdict.difference
  return `${what}: expected ${expected}, found ${found}`
}

t.test('an operator who cheats is found', async (t) => {
  t.equal(foundIn(played({})), '')
  const cheats: Array<[cheat: ToyCheat, found: RegExp]> = [
    [{ seed: fixedSeed('another') }, /^the number: /],
    [{ previous: '' }, /^the number of the spin before: expected [\da-f]{13}, found \(nothing\)/],
    [{ weights: [1, 2, 3] }, /^the picked prize \(number mod 5 in weights 1,2,2\)/],
    [{ cost: (user) => (user === friend ? 0 : 10) }, /^what it cost: expected points -10/],
    [{ cost: () => 11 }, /^what it cost: expected points -10, found points -11/],
    [
      { obstacle: (user, prize, truth) => (prize.id === 'first' && user !== friend ? 'exhausted' : truth) },
      /^the prize: expected first, as picked, found thanks, exhausted/
    ],
    [
      { obstacle: (user, _prize, truth) => (user === friend ? '' : truth) },
      /^the prize: expected thanks, exhausted, found first, as picked/
    ],
    [{ obstacle: (_user, prize, truth) => (prize.id === 'points' ? 'early' : truth) }, /found thanks, early/],
    [{ obstacle: (_user, prize, truth) => (prize.id === 'points' ? 'capped' : truth) }, /found thanks, capped/],
    [{ obstacle: (_user, prize, truth) => (prize.id === 'first' ? 'unreleased' : truth) }, /found thanks, unreleased/]
  ]
  for (const [cheat, found] of cheats) t.match(foundIn(played(cheat)), found)
})

t.test('a promised prize is given in time, and not before', async (t) => {
  const [first, points, thanks] = draw.prizes
  if (!first || !points || !thanks) throw new Error('three prizes')
  const promising = {
    ...draw,
    prizes: [{ ...first, weight: 0, guaranteedAfter: 4 }, { ...points, minSpins: 5 }, thanks]
  }
  const honest = played({}, promising)
  t.ok(honest.ok && (honest.report.reasons.get('guaranteed') ?? 0) > 0)
  t.ok(honest.ok && (honest.report.reasons.get('early') ?? 0) > 0)
  const late = played({ obstacle: (_user, prize, truth) => (prize.id === 'first' ? 'exhausted' : truth) }, promising)
  t.match(foundIn(late), /^the prize: expected first, guaranteed, found/)
  const early = played({ obstacle: (_user, _prize, truth) => (truth === 'early' ? '' : truth) }, promising)
  t.match(foundIn(early), /^the prize: expected thanks, early, found points, as picked/)
})

/** One prize of one unit, then three more, each spin with what the gate says of it. */
function afterAddition(answers: readonly string[]): Verdict {
  const single = {
    ...draw,
    cost: 0,
    prizes: [
      { id: 'first', tier: 1, weight: 1, quota: 1 },
      { id: 'thanks', tier: 9, weight: 0 }
    ]
  }
  const left = ['', 'exhausted', ...answers]
  let spin = 0
  const gate = new ToyGate(single, seed, {
    obstacle: (_user, prize) => (prize.id === 'first' ? (left[spin] ?? '') : '')
  })
  const next = () => {
    gate.batch(100, () => gate.spin('ann'))
    gate.store.settleAll()
    spin += 1
  }
  next()
  next()
  gate.batch(100, () => gate.addStock(0, 3))
  gate.store.settleAll()
  for (const _answer of answers) next()
  return verifyDraw(gate.lines(), toyPlace)
}

t.test('added quota may be late; once it was used it is there', async (t) => {
  const late = afterAddition(['exhausted', 'exhausted', '', '', '', 'exhausted'])
  t.equal(foundIn(late), '')
  t.match(late.ok && late.report.open, { spins: 3, longestMs: 300 }, 'answers that could have been others are told')
  t.match(foundIn(afterAddition(['exhausted', '', 'exhausted'])), /expected first, as picked, found thanks, exhausted/)
  t.match(foundIn(afterAddition(['', '', '', ''])), /expected thanks, exhausted, found first, as picked/)
})

t.test('a file that proves nothing is told as such', async (t) => {
  const gate = new ToyGate(draw, seed)
  gate.creditAll(['ann', 'ben'], 100)
  gate.store.settleAll()
  gate.batch(1, () => gate.spin('ann'))
  gate.store.settleAll()
  const [header = '', ...lines] = gate.lines()
  const changed = (change: object) =>
    withEnd([JSON.stringify({ ...JSON.parse(header), ...change }), ...lines.slice(0, -1)])
  const [entry] = (JSON.parse(header) as { draws: object[] }).draws
  const hidden = { draws: [{ ...entry, seed: undefined }] }
  const refused: Array<[file: string[], what: RegExp]> = [
    [[], /^The file is empty/],
    [['hello'], /^not JSON: hello/],
    [['{"format":"other"}'], /^not the header of an exported journal/],
    [changed({ masked: true }), /^The file is masked/],
    [changed({ from: '0-7-1' }), /^The file begins with decision 0-7-1/],
    [changed({ draws: [] }), /^The file knows no draw c\/wheel/],
    [changed(hidden), /^The seed of this draw is not known/],
    [[header, ...lines.slice(0, -1)], /^The file is cut off: it ends with decision 0-7-5, and not with its count/],
    [[header, ...lines.slice(0, -2)], /^The file is cut off: it ends with decision 0-7-4/]
  ]
  for (const [file, what] of refused) {
    const error = t.throws(() => verifyDraw(file, toyPlace)) as unknown as CommandError
    t.ok(error instanceof CommandError, String(error))
    t.match(error.message, what)
  }
  const withSeed = { ...toyPlace, seed: seed.toString('hex') }
  t.ok(verifyDraw(changed(hidden), withSeed).ok, 'a seed that is known otherwise will do')
  t.match(verifyDraw(changed(hidden), { ...withSeed, seed: 'ab'.repeat(32) }), {
    difference: { what: 'the SHA-256 of the seed', expected: commitmentOf(seed), line: 1 }
  })
  t.match(verifyDraw([header, ...lines], { ...toyPlace, commitment: 'ab'.repeat(32) }), {
    difference: { what: 'the commitment', expected: 'ab'.repeat(32), found: commitmentOf(seed) }
  })
  t.match(verifyDraw([header, '{}', ...lines], toyPlace), { difference: { what: 'the line', line: 2 } })
  t.match(verifyDraw([header, ...lines.toSpliced(2, 1)], toyPlace), { difference: { what: 'the batch', id: '0-7-4' } })
  t.match(verifyDraw([header, ...lines.slice(2)], toyPlace), {
    difference: { what: 'the rules in force', missing: 2, id: '0-7-5' }
  })
})

const step = fc.oneof(
  fc.record({ give: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ settle: fc.nat(20) }),
  fc.record({ take: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ say: fc.boolean() })
)

t.test('what a supply may hold always includes what it holds', async (t) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const supply = new Supply()
      const pending: Array<{ frame: GivingFrame; units: number }> = []
      let value = 0
      for (const [at, one] of steps.entries()) {
        const batch = at + 1
        if ('give' in one) {
          const frame = { batch, at, settled: false }
          supply.give(frame, one.give)
          pending.push({ frame, units: one.give })
        } else if ('settle' in one && pending.length > 0) {
          value += pending.splice(one.settle % pending.length, 1)[0]?.units ?? 0
        } else if ('take' in one && value >= one.take) {
          supply.reached(one.take, batch)
          supply.take(one.take)
          value -= one.take
        } else if ('say' in one && one.say) {
          if (!supply.was(value, batch, false)) throw new Error(`${value} must be possible`)
        }
        if (supply.least() > value || supply.most(batch) < value) {
          throw new Error(`${supply.least()} to ${supply.most(batch)}, but it holds ${value}`)
        }
        for (const { frame } of pending) if (frame.settled) throw new Error('a frame was taken for settled')
      }
    }),
    { numRuns: 3000, seed: 20_261_113 }
  )
  t.pass('3,000 histories')
})
