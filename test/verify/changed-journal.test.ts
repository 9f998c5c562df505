import fc from 'fast-check'
import t from 'tap'
import { verifyDraw } from '../../src/verify/draw-verifier.ts'
import { fixedSeed } from '../support/shop/one-draw.ts'
import { differsInLevelOnly, tamperings } from '../support/toy-gate/tampering.ts'
import type { ToyDraw } from '../support/toy-gate/toy-draw.ts'
import { ToyGate, toyPlace, withEnd } from '../support/toy-gate/toy-gate.ts'

t.setTimeout(120_000)
const seed = fixedSeed('toy')
const users = ['ann', 'ben', 'cid']

const draws = fc.record({
  cost: fc.constantFrom(0, 10),
  winsMost: fc.constantFrom(0, 0, 2),
  prizes: fc
    .tuple(
      fc.record({
        id: fc.constant('first'),
        tier: fc.constant(1),
        weight: fc.integer({ min: 1, max: 5 }),
        quota: fc.integer({ min: 1, max: 3 }),
        minSpins: fc.constantFrom(0, 0, 2),
        guaranteedAfter: fc.constantFrom(0, 0, 3),
        even: fc.boolean()
      }),
      fc.record({
        id: fc.constant('second'),
        tier: fc.constant(2),
        weight: fc.integer({ min: 0, max: 5 }),
        quota: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
        guaranteedAfter: fc.constantFrom(0, 0, 5)
      }),
      fc.record({
        id: fc.constant('points'),
        tier: fc.constant(3),
        weight: fc.integer({ min: 0, max: 5 }),
        points: fc.constant(15)
      }),
      fc.record({
        id: fc.constant('thanks'),
        tier: fc.constant(9),
        weight: fc.integer({ min: 0, max: 5 }),
        subs: fc.constantFrom([1, 2], [7])
      })
    )
    .map((prizes) => prizes)
}) satisfies fc.Arbitrary<ToyDraw>

const user = fc.constantFrom(...users)
const index = fc.nat(50)

type Step =
  | { readonly do: 'spins'; readonly users: readonly string[]; readonly laterMs: number }
  | { readonly do: 'credit'; readonly user: string; readonly points: number }
  | { readonly do: 'stock'; readonly index: number; readonly units: number }
  | { readonly do: 'revoke'; readonly user: string; readonly index: number }
  | { readonly do: 'journal' | 'settle'; readonly index: number }
  | { readonly do: 'journal all' | 'settle all' | 'recover' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('spins' as const),
        users: fc.array(user, { minLength: 1, maxLength: 6, size: 'max' }),
        laterMs: fc.integer({ min: 0, max: 3000 })
      })
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('credit' as const), user, points: fc.constantFrom(5, 20, 60) })
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('stock' as const), index, units: fc.integer({ min: -2, max: 4 }) })
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('revoke' as const), user, index }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('journal' as const, 'settle' as const), index }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constantFrom('journal all' as const, 'journal all' as const, 'settle all' as const, 'recover' as const)
      })
    }
  ),
  { minLength: 25, maxLength: 60, size: 'max' }
)

function play(gate: ToyGate, step: Step): void {
  const { store } = gate
  if (step.do === 'spins') {
    gate.batch(step.laterMs, () => {
      for (const name of step.users) gate.spin(name)
    })
  } else if (step.do === 'credit') gate.batch(1, () => gate.credit(step.user, step.points))
  else if (step.do === 'stock') {
    gate.batch(1, () => gate.addStock(step.index, step.units))
    // a withdrawal that is never journaled explains nothing: the verifier says so
    if (step.units < 0) store.journalAll()
  } else if (step.do === 'revoke') gate.batch(1, () => gate.revoke(step.user, step.index))
  else if (step.do === 'journal') store.journalOne(step.index)
  else if (step.do === 'settle') store.settleOne(step.index)
  else if (step.do === 'journal all') store.journalAll()
  else if (step.do === 'settle all') store.settleAll()
  else store.recover()
}

/** The journal of a draw through all kinds of faults: frames journaled late and out of turn, settled late, lost. */
function journalOf(draw: ToyDraw, played: readonly Step[]): string[] {
  const gate = new ToyGate(draw, seed)
  gate.creditAll(users, 200)
  gate.store.settleAll()
  for (const step of played) play(gate, step)
  return gate.lines()
}

t.test('whatever is late or lost, what an honest gate journaled is verified', async (t) => {
  const seen = { spins: 0, missing: 0, open: 0, unlinked: 0, byMissing: 0, broken: 0 }
  fc.assert(
    fc.property(draws, steps, (draw, played) => {
      const lines = journalOf(draw, played)
      const strict = verifyDraw(lines, toyPlace)
      const verdict = verifyDraw(lines, { ...toyPlace, acceptMissing: true })
      if (!strict.ok) {
        // a spin that was never journaled looks like one that was taken out of the file
        const { what, missing } = strict.difference
        if (what !== 'the number of the spin before' || missing === 0)
          throw new Error(JSON.stringify(strict.difference))
        seen.broken += 1
      }
      if (!verdict.ok) throw new Error(JSON.stringify(verdict.difference))
      const { report } = verdict
      seen.spins += report.spins
      seen.missing += report.missing.decisions
      seen.open += report.open.spins
      seen.unlinked += report.unlinked
      seen.byMissing += report.byMissing
    }),
    { numRuns: 500, seed: 20_261_111 }
  )
  t.comment(JSON.stringify(seen))
  for (const [what, count] of Object.entries(seen)) t.ok(count > 3, `${what} was seen: ${count}`)
})

t.test('a line that is taken out, doubled or moved is found, and a file that is cut off', async (t) => {
  const found: Record<string, number> = {}
  const isWhole = (lines: readonly string[]) => {
    const verdict = verifyDraw(lines, toyPlace)
    if (!verdict.ok) found[verdict.difference.what] = (found[verdict.difference.what] ?? 0) + 1
    return verdict.ok
  }
  fc.assert(
    fc.property(draws, fc.array(user, { minLength: 4, maxLength: 12 }), fc.nat(), (draw, spinners, at) => {
      const gate = new ToyGate(draw, seed)
      gate.creditAll(users, 200)
      for (const name of spinners) gate.batch(100, () => gate.spin(name))
      gate.store.settleAll()
      const lines = gate.lines()
      if (!isWhole(lines)) throw new Error('what an honest gate journaled is verified')
      const decisions = lines.slice(0, -1)
      const from = 1 + (at % (decisions.length - 2))
      const other = 1 + ((from + 1 + (at % 3)) % (decisions.length - 1))
      const [line = '', moved = ''] = [lines[from], lines[other]]
      const changed = [
        lines.toSpliced(from, 1),
        lines.toSpliced(from, 0, line),
        ...(from === other ? [] : [lines.with(from, moved).with(other, line)])
      ]
      for (const each of changed) {
        const forged = withEnd(each.slice(0, -1))
        if (isWhole(each) || (each.length >= lines.length && isWhole(forged))) throw new Error(each.join('\n'))
      }
      const spins = decisions.flatMap((text, index) => (text.includes('"type":"spin.') ? [index] : []))
      const spin = spins[at % Math.max(1, spins.length - 1)]
      if (spins.length > 1 && spin !== undefined && isWhole(withEnd(decisions.toSpliced(spin, 1)))) {
        throw new Error(`the chain is not broken:\n${lines.join('\n')}`)
      }
      let told = ''
      try {
        verifyDraw(lines.slice(0, from + 1), toyPlace)
      } catch (error) {
        told = String(error)
      }
      if (!told.includes('cut off')) throw new Error('a part of the file was taken for the whole')
    }),
    { numRuns: 200, seed: 20_261_114 }
  )
  t.comment(JSON.stringify(found))
  for (const what of [
    'the count and SHA-256 of all lines',
    'the number of the spin before',
    'the order of decisions'
  ]) {
    t.ok((found[what] ?? 0) > 3, `${what} was found`)
  }
})

t.test('any change of any field of any spin is found', async (t) => {
  let tried = 0
  fc.assert(
    fc.property(draws, fc.array(user, { minLength: 12, maxLength: 30 }), fc.nat(), (draw, spinners, at) => {
      const gate = new ToyGate(draw, seed)
      gate.creditAll(users, 200)
      gate.store.settleAll()
      for (const name of spinners) {
        gate.batch(100, () => gate.spin(name))
        gate.store.settleAll()
      }
      gate.batch(1, () => gate.credit('ann', 5))
      gate.store.settleAll()
      const lines = gate.lines()
      const spins = lines.map((text, line) => ({ text, line })).filter(({ text }) => text.includes('"type":"spin.'))
      const chosen = spins[at % spins.length]
      if (chosen === undefined) return
      for (const { what, text } of tamperings(JSON.parse(chosen.text) as Record<string, unknown>)) {
        // the level is the client's own word: without weights by level nothing follows from it
        if (differsInLevelOnly(chosen.text, text)) continue
        tried += 1
        const verdict = verifyDraw(lines.with(chosen.line, text), toyPlace)
        if (verdict.ok) throw new Error(`${what} was not found:\n${chosen.text}\n${text}`)
      }
    }),
    { numRuns: 60, seed: 20_261_112 }
  )
  t.comment(`${tried} changes`)
  t.ok(tried > 2000)
})
