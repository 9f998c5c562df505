import { decodeReport } from './decisions.ts'

/** What these give was not earned by what the user did in an activity. */
const REWARDS_OF_RANKS: ReadonlySet<string> = new Set(['board.awarded'])

/**
 * How many of a unit a decision of an activity earned its user: what it gave, without what was spent for it; negative where it
 * takes back what was earned, also as far as that had been spent already. Grants, imports and rewards of leaderboards earn
 * nothing.
 */
export function earnedBy({ type, report }: { readonly type: string; readonly report: string }, unit: string): number {
  if (REWARDS_OF_RANKS.has(type)) return 0
  const read = decodeReport(type, report)
  if (read === undefined || !('moves' in read)) return 0
  const moved = read.moves.filter((move) => move.unit === unit).map(({ delta }) => delta)
  const sum = (deltas: readonly number[]) => deltas.reduce((total, delta) => total + delta, 0)
  if (!('shortfall' in read)) return sum(moved.filter((delta) => delta > 0))
  return sum(moved) - sum(read.shortfall.filter((missing) => missing.unit === unit).map(({ amount }) => amount))
}

/** How many of a unit that activities had given an exclusion took back, spent or not: they are not earned any more. 0 for all other decisions. */
export function voidedBy(
  { type, request }: { readonly type: string; readonly request: unknown },
  unit: string
): number {
  if (type !== 'balance.debited') return 0
  const { earned } = request as { readonly earned?: Readonly<Record<string, number>> }
  return earned?.[unit] ?? 0
}
