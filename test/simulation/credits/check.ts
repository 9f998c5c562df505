import { nameOf } from './rows.ts'
import type { Decision } from './shard.ts'
import type { CreditWorld } from './world.ts'

/** What is still under way; undefined at rest. */
export function unrest({ parts, rows, listeners, settled }: CreditWorld, busy: number): string | undefined {
  if (busy > 0 || !settled) return 'people wait, for the settlement perhaps'
  for (const { shard, postgres } of parts) {
    if (!shard.open || shard.outbox.length > 0 || shard.stored < shard.journal.length) return 'not all is stored'
    const { together, alone, known } = postgres.read()
    const isBehind = together < shard.stored || listeners.some((name) => !known.includes(name))
    if (isBehind || Object.keys(alone).length > 0) return 'not all is followed'
  }
  return rows.open() > 0 ? 'credits are open' : undefined
}

/** Each due credit is decided once; what is void is not kept; nothing is given without a cause; each cause is counted once. */
export function checkAtRest(world: CreditWorld): void {
  const { parts, rows, listeners } = world
  const all = parts.flatMap(({ shard }) => shard.journal)
  const of = (type: Decision['type'], name: string) => all.filter((one) => one.type === type && nameOf(one) === name)
  const did = all.filter(({ type }) => type === 'did')
  const voids = new Set(all.filter(({ type }) => type === 'voided').map(({ cause }) => cause))
  for (const { id, creditTo } of did) {
    for (const role of listeners) {
      const name = `${id} ${role}`
      const row = rows.credits.get(name)
      const given = of('credited', name).length
      const back = of('taken-back', name)
      const kept = given + back.reduce((sum, { points }) => sum + points, 0)
      if (!row) world.fail(`${name} is not noted`)
      else if (given > 1 || back.length > 1)
        world.fail(`${name} was given ${given} and taken back ${back.length} times`)
      else if (voids.has(id) && kept > 0) world.fail(`${name} is void, and ${creditTo} keeps it`)
      else if (!voids.has(id) && row.state !== 'refused' && kept !== 1)
        world.fail(`${name} is not void, and ${creditTo} lacks it`)
      else if (row.state === 'refused' && given > 0) world.fail(`${name} was given and says refused`)
    }
  }
  for (const { type, cause } of all)
    if (type === 'credited' && !did.some(({ id }) => id === cause)) world.fail(`a credit of ${cause}, which nobody did`)
  for (const { cause } of rows.credits.values())
    if (!did.some(({ id }) => id === cause)) world.fail(`a row of ${cause}, which nobody did`)
  for (const listener of listeners) {
    const counted = rows.counts.get(listener) ?? 0
    if (counted !== did.length) world.fail(`${listener} counted ${counted} of ${did.length}`)
  }
}
