import { creditedField } from '../../record/fields.ts'
import type { Move } from '../../record/reports/moves.ts'
import type { Given } from '../../record/win.ts'
import { Difference } from '../difference.ts'
import { type Cost, checkBalance } from './cost.ts'
import type { SpinGive } from './rules.ts'
import { countOf, type Spin } from './spin.ts'

const HOUR_MS = 3_600_000
/** a user holds no more cards at once */
const MOST_CARDS = 20

/** What a spin moves in its user's hash and what it says about it, put together step by step as the gate does. */
export interface Effects {
  /** the moves of the report */
  readonly moves: Move[]
  readonly adds: Map<string, number>
  readonly puts: Map<string, string>
  /** what was credited at once, for the record of the win */
  readonly given: Given[]
}

/** Everything of one spin's gives that is known so far. */
interface Giving {
  readonly spin: Spin
  readonly effects: Effects
  /** balances before the spin by field, once a move has told them */
  readonly before: Map<string, number>
  readonly gives: Map<string, number>
  at: number
}

function giveCard({ spin, effects }: Giving, give: SpinGive, card: NonNullable<SpinGive['card']>): void {
  const { line, at, rules, missing } = spin
  const ends = at + card.hours * HOUR_MS
  const own = `${ends};${give.amount};${card.activities};${line.epoch}-${line.batch};${line.sequence}`
  const held = (effects.puts.get(give.field) ?? spin.user.texts.get(give.field) ?? '').split(',')
  const cards = [...held.filter((one) => Number(one.split(';')[0]) > at), own].slice(-MOST_CARDS).join()
  const found = line.puts.u?.[give.field] ?? ''
  // before, one card was held; and decisions that are missing may have given some, or taken them
  const isOther = (rules.isOld && found === own) || (missing > 0 && found.split(',').at(-1) === own)
  effects.puts.set(give.field, isOther ? found : cards)
  effects.moves.push({ unit: give.unit, delta: give.amount, balance: ends })
}

/** What a cap by day leaves of an amount; where decisions are missing one of them may have used it up. */
function capped({ spin, effects, at }: Giving, give: SpinGive): number {
  const { unit, field, amount, cap } = give
  if (cap === 0) return amount
  const counter = creditedField(field, spin.today)
  const most = Math.max(0, Math.min(amount, cap - countOf(spin, counter) - (effects.adds.get(counter) ?? 0)))
  const told = spin.report.moves[at]?.delta ?? 0
  const credited = spin.missing > 0 && told >= 0 && told <= most ? told : most
  if (told !== credited) throw new Difference(`what it gives of ${unit}`, `${credited}`, `${told}`)
  if (credited > 0) effects.adds.set(counter, (effects.adds.get(counter) ?? 0) + credited)
  return credited
}

function giveOne(giving: Giving, give: SpinGive): void {
  const { spin, effects, before, gives } = giving
  const { unit, field } = give
  const amount = give.card === undefined ? capped(giving, give) : give.amount
  effects.given.push({ unit, field, amount })
  const told = spin.report.moves[giving.at]
  giving.at += 1
  if (give.card !== undefined) {
    giveCard(giving, give, give.card)
    return
  }
  gives.set(field, (gives.get(field) ?? 0) + amount)
  const moved = (effects.adds.get(field) ?? 0) + (gives.get(field) ?? 0)
  if (!before.has(field)) {
    const value = (told?.balance ?? Number.NaN) - moved
    checkBalance(spin, { unit, field, value })
    before.set(field, value)
  }
  effects.moves.push({ unit, delta: amount, balance: (before.get(field) ?? 0) + moved })
}

/**
 * What the prize and its sub-prize credit, after the cost was taken.
 * @throws Difference when a balance that the report tells cannot be
 */
export function creditPrize(spin: Spin, cost: Cost, rewards: readonly SpinGive[]): Effects {
  const { unit, field } = spin.rules.cost
  const effects: Effects = { moves: [], adds: new Map(), puts: new Map(), given: [] }
  const giving: Giving = { spin, effects, before: new Map(), gives: new Map(), at: 0 }
  if (cost.kept !== undefined) effects.puts.set(spin.fields.kept, cost.kept)
  if (cost.amount > 0) {
    const left = spin.report.moves[0]?.balance ?? 0
    giving.before.set(field, left + cost.amount)
    giving.at = 1
    effects.adds.set(field, -cost.amount)
    effects.moves.push({ unit, delta: -cost.amount, balance: left })
  }
  for (const give of rewards) giveOne(giving, give)
  // takes and gives stand in the journal as one sum
  for (const [name, amount] of giving.gives) {
    if (amount > 0) effects.adds.set(name, (effects.adds.get(name) ?? 0) + amount)
  }
  return effects
}
