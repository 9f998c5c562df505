import { isoTime } from '../../base/iso-time.ts'
import { unitParts } from '../../record/fields.ts'
import type { Move } from '../../record/reports/moves.ts'
import type { Balances, Credited } from './schemas.ts'

/** What a decision credited: positive moves, summed by unit. A move that was cut to nothing appears as 0. */
export function creditedView(moves: readonly Move[]): Credited {
  const credited: Credited = {}
  for (const { unit, delta, balance } of moves) if (delta >= 0) addTo(credited, { unit, delta, balance })
  return credited
}

/** Amounts that were taken back, in the same form. */
export function takenBackView(moves: readonly Move[]): Credited {
  const taken: Credited = {}
  for (const { unit, delta, balance } of moves) addTo(taken, { unit, delta: Math.abs(delta), balance })
  return taken
}

function addTo(sum: Credited, { unit, delta, balance }: Move): void {
  const parts = unitParts(unit)
  switch (parts.kind) {
    case 'chances': {
      const chances = (sum.chances ?? {}) as Record<string, number>
      sum.chances = { ...chances, [parts.draw]: (chances[parts.draw] ?? 0) + delta }
      return
    }
    case 'entitlement':
      sum.entitlement = parts.name
      return
    case 'doubler':
      sum.doubler = { factor: delta, ...(balance > 0 && { until: isoTime(balance) }) }
      return
    case 'amount':
      sum[unit] = Number(sum[unit] ?? 0) + delta
      return
    default:
      parts satisfies never
  }
}

/** What a decision cost, by unit; empty when it was free or took a chance of the day. */
export function costView(moves: readonly Move[]): Record<string, number> {
  const cost: Record<string, number> = {}
  for (const { unit, delta } of moves) if (delta < 0) cost[unit] = (cost[unit] ?? 0) - delta
  return cost
}

/** The balances that a decision moved, as they were right after it. */
export function balancesView(moves: readonly Move[]): Balances {
  const balances: Balances = {}
  for (const { unit, balance } of moves) {
    const parts = unitParts(unit)
    if (parts.kind === 'chances') setChances(balances, parts.draw, { extra: balance })
    else if (parts.kind === 'amount') balances[unit] = balance
  }
  return balances
}

/** Adds chances of a draw to the balances. */
export function setChances(balances: Balances, draw: string, known: { daily?: number; extra?: number }): void {
  const chances = typeof balances.chances === 'object' ? balances.chances : {}
  balances.chances = { ...chances, [draw]: { ...chances[draw], ...known } }
}
