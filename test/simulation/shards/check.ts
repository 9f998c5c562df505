import { type Decision, type Item, items } from './decision.ts'
import type { Shard } from './shard.ts'
import { MEANS, PROMISED_AFTER } from './spinners.ts'
import type { ShardWorld } from './world.ts'

/** What is still under way; undefined at rest. */
export function unrest({ parts, rows }: ShardWorld, busy: number): string | undefined {
  if (busy > 0) return `${busy} wait`
  for (const { shard } of parts)
    if (!shard.open || shard.outbox.length > 0 || shard.stored < shard.journal.length) return 'not all is stored'
  return rows.open()
}

/** Units are where they should be, loans whole, spins decided once, and what was told is kept. */
export function checkAtRest(world: ShardWorld, told: readonly Decision[]): void {
  const { parts } = world
  const all = parts.flatMap(({ shard }) => shard.journal)
  for (const item of items) checkUnits(world, item, all)
  checkLoans(world, all)
  for (const { shard } of parts) checkSpins(world, shard)
  for (const { id } of told)
    if (!all.some((one) => one.id === id)) world.fail(`${id} was confirmed and is not journaled`)
}

function checkUnits(world: ShardWorld, item: Item, all: readonly Decision[]): void {
  const sum = (...types: ReadonlyArray<Decision['type']>) =>
    all.filter((one) => one.item === item && types.includes(one.type)).reduce((total, { amount }) => total + amount, 0)
  const there = sum('adjusted')
  const taken = sum('bought', 'spun', 'finished') - sum('cancelled')
  const left = world.parts.reduce((total, { shard }) => total + shard.stock[item].remaining, 0)
  const removed = sum('removed')
  if (taken > there) world.fail(`${taken} of ${there} ${item} are taken`)
  if (taken + left + removed !== there)
    world.fail(`of ${there} ${item} ${taken} are taken, ${left} left and ${removed} removed`)
}

function checkLoans(world: ShardWorld, all: readonly Decision[]): void {
  for (const { id, state } of world.rows.state.loans.values()) {
    const of = (type: Decision['type']) => all.filter((one) => one.type === type && one.cause === id)
    const [lent, received] = [of('lent'), of('received')]
    if (lent.length > 1 || received.length > 1)
      world.fail(`loan ${id} was lent ${lent.length} and received ${received.length} times`)
    else if ((lent[0]?.amount ?? 0) !== (received[0]?.amount ?? 0))
      world.fail(`loan ${id} is ${state}: ${lent[0]?.amount ?? 0} were lent and ${received[0]?.amount ?? 0} received`)
  }
}

/** One result for each spin, of the number that was rolled once; a promise is kept where something is left. */
function checkSpins(world: ShardWorld, { number, journal, spinners }: Shard): void {
  for (const [spin, { rolled, decided }] of spinners.rolled)
    for (const one of rolled) if (!decided.includes(one)) world.fail(`${spin} rolled ${one}, and that was not decided`)
  const losses = new Map<string, number>()
  for (const spin of journal.filter(({ type }) => type === 'spun' || type === 'drawn')) {
    const finished = journal.filter(({ type, cause }) => type === 'finished' && cause === spin.id)
    const again = journal.filter(
      ({ type, user, key }) => (type === 'spun' || type === 'drawn') && user === spin.user && key === spin.key
    )
    const results = spin.type === 'spun' ? 1 : finished.length
    if (results !== 1 || again.length > 1)
      world.fail(`${spin.id} of shard ${number} has ${results} results, ${again.length} spins`)
    const before = losses.get(spin.user) ?? 0
    const means = before >= PROMISED_AFTER || spin.number < MEANS
    const result = spin.type === 'spun' ? spin : finished[0]
    if (means !== spin.means)
      world.fail(`${spin.id} rolled ${spin.number} after ${before} losses, and says ${spin.means}`)
    if (!means && (result?.amount ?? 0) > 0) world.fail(`${spin.id} won with ${spin.number}`)
    if (result && result.number !== spin.number)
      world.fail(`${spin.id} rolled ${spin.number} and then ${result.number}`)
    losses.set(spin.user, (result?.amount ?? 0) > 0 ? 0 : before + 1)
  }
}
