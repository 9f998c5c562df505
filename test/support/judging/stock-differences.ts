import { isDeepStrictEqual } from 'node:util'
import type { OrderRow, SessionState } from './evidence.ts'
import type { Case, Difference } from './promise.ts'

/** States of an order that holds its units. */
const live: ReadonlySet<string> = new Set(['accepted', 'paid', 'shipped'])

/** I3, I4, I5: nothing beyond stock, the sum holds at rest, everything sold where demand sufficed. */
export function stockWrong({ promise, evidence }: Case): Difference[] {
  const found: Difference[] = []
  for (const [sale, { sessions }] of Object.entries(promise.sales)) {
    for (const [session, { stock, soldOut }] of Object.entries(sessions)) {
      const name = `${sale} ${session}`
      const rows = evidence.orders.filter((row) => row.sale === sale && row.session === session)
      const sold = units(rows.filter(({ status }) => live.has(status)))
      const held = units(rows.filter(({ status }) => status === 'accepted'))
      if (sold > stock) found.push({ rule: 'I3', what: `${name}: ${sold} sold of ${stock}` })
      if (soldOut === true && sold < stock) found.push({ rule: 'I5', what: `${name}: only ${sold} sold of ${stock}` })
      const expected = { total: stock, remaining: stock - sold, held, paid: sold - held }
      for (const [who, entries] of [
        ['gate', evidence.state.sessions] as const,
        ['table stock', evidence.stock] as const
      ]) {
        const told = unitsOf(entries, sale, session)
        if (isDeepStrictEqual(told, expected)) continue
        const what = `${name}: the ${who} says ${JSON.stringify(told)}, the orders ${JSON.stringify(expected)}`
        found.push({ rule: 'I4', what })
      }
    }
  }
  for (const { shard, state, outbox, kept } of evidence.state.shards) {
    if (state === 'open' && outbox === 0 && kept === 0) continue
    found.push({
      rule: 'I4',
      what: `shard ${shard} is ${state} and keeps ${outbox} frames in the outbox, ${kept} in kept`
    })
  }
  return found
}

function unitsOf(
  entries: readonly SessionState[],
  sale: string,
  session: string
): Omit<SessionState, 'sale' | 'session'> | undefined {
  const entry = entries.find((candidate) => candidate.sale === sale && candidate.session === session)
  return entry && { total: entry.total, remaining: entry.remaining, held: entry.held, paid: entry.paid }
}

/** I8: nobody above a limit of the campaign, the item or the session. */
export function limitsBroken({ promise, evidence }: Case): Difference[] {
  const bought = new Map<string, { units: number; limit: number | undefined }>()
  const count = (name: string, quantity: number, limit: number | undefined) => {
    bought.set(name, { units: (bought.get(name)?.units ?? 0) + quantity, limit })
  }
  for (const { user, sale, session, quantity, status } of evidence.orders) {
    if (!live.has(status)) continue
    const item = promise.sales[sale]
    count(`user ${user} in the campaign`, quantity, promise.unitsPerUser)
    count(`user ${user} of ${sale}`, quantity, item?.unitsPerUser)
    count(`user ${user} of ${sale} in session ${session}`, quantity, item?.sessions[session]?.unitsPerUser)
  }
  return [...bought]
    .filter(([, { units, limit }]) => limit !== undefined && units > limit)
    .map(([name, { units, limit }]) => ({ rule: 'I8', what: `${name}: ${units} units, the limit is ${limit}` }))
}

/**
 * First come, first served: units of a session are numbered 1..n in order of sequence, in each shard. After a fault void decisions
 * may leave gaps, but no unit has two owners.
 */
export function positionsWrong({ promise, evidence }: Case): Difference[] {
  const found: Difference[] = []
  for (const [sale, { sessions }] of Object.entries(promise.sales)) {
    for (const session of Object.keys(sessions)) {
      for (const shard of new Set(evidence.orders.map((entry) => entry.shard))) {
        const rows = evidence.orders.filter(
          (entry) => entry.shard === shard && entry.sale === sale && entry.session === session
        )
        found.push(...positionsShared(rows), ...(promise.afterFault === true ? [] : positionsOutOfOrder(rows)))
      }
    }
  }
  return found
}

function positionsShared(rows: readonly OrderRow[]): Difference[] {
  const owners = new Map<number, string>()
  const found: Difference[] = []
  for (const { id, sale, session, position, quantity } of rows) {
    for (let unit = position; unit < position + quantity; unit++) {
      const owner = owners.get(unit)
      owners.set(unit, id)
      if (owner === undefined) continue
      found.push({ rule: 'position', what: `orders ${owner} and ${id} both have unit ${unit} of ${sale} ${session}` })
    }
  }
  return found
}

function positionsOutOfOrder(rows: readonly OrderRow[]): Difference[] {
  const found: Difference[] = []
  let next = 1
  for (const { id, sale, session, position, quantity } of rows) {
    if (position !== next) {
      found.push({ rule: 'position', what: `order ${id} of ${sale} ${session} has position ${position}, not ${next}` })
    }
    next = position + quantity
  }
  return found
}

function units(rows: readonly OrderRow[]): number {
  return rows.reduce((sum, { quantity }) => sum + quantity, 0)
}
