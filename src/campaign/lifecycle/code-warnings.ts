import { countCodes } from '../../store/campaigns/codes.ts'
import type { Rules } from '../definition/rules.ts'
import type { Warning } from '../definition/warnings.ts'
import { wantedCodesOf } from '../kinds/prizes.ts'
import type { WantedCodes } from '../parts/kind.ts'

/** Codes by pool, as far as Postgres has them: those that were loaded, and those of them that were given out. */
type Codes = ReadonlyMap<string, { readonly loaded: number; readonly given: number }>

/** @param units that need a code of the pool, whoever asks for them, those among them that have theirs already */
function codeWarning({ pointer, pool }: WantedCodes, units: number | null, codes: Codes): Warning[] {
  const { loaded, given } = codes.get(pool) ?? { loaded: 0, given: 0 }
  const free = loaded - given
  if (units === null ? free > 0 : units <= loaded) return []
  const asked = units === null ? 'no code' : `${free} free ${free === 1 ? 'code' : 'codes'} for ${units - given}`
  return [
    { pointer, detail: `pool ${pool} has ${asked}: without a code nothing is given. Codes can be loaded at any time` }
  ]
}

/**
 * Warnings of pools with fewer codes than prizes and items need: without a code nothing is given. The needs of a shared pool are added
 * up, and each unit that uses it gets a warning.
 */
function codeWarnings({ activities }: Pick<Rules, 'activities'>, codes: Codes): Warning[] {
  const wanted = activities.flatMap((activity, index) => wantedCodesOf(activity, `/activities/${index}`))
  const sums = new Map<string, number>()
  for (const { pool, units } of wanted) sums.set(pool, (sums.get(pool) ?? 0) + (units ?? 0))
  return wanted.flatMap((one) => codeWarning(one, one.units === null ? null : (sums.get(one.pool) ?? 0), codes))
}

/** `codeWarnings` with the codes that Postgres has for this campaign. */
export async function readCodeWarnings(db: Parameters<typeof countCodes>[0], rules: Rules): Promise<Warning[]> {
  const pools = new Set(rules.activities.flatMap((activity) => wantedCodesOf(activity, '').map(({ pool }) => pool)))
  const codes = new Map<string, Awaited<ReturnType<typeof countCodes>>>()
  for (const pool of pools) codes.set(pool, await countCodes(db, { campaign: rules.id, pool }))
  return codeWarnings(rules, codes)
}
