import { countCodes } from '../../store/campaigns/codes.ts'
import type { Rules } from '../definition/rules.ts'
import type { Warning } from '../definition/warnings.ts'
import { wantedCodesOf } from '../kinds/prizes.ts'
import type { WantedCodes } from '../parts/kind.ts'

/** The number of free codes by pool, as far as Postgres has them. */
type FreeCodes = ReadonlyMap<string, number>

function codeWarning({ pointer, pool, units }: WantedCodes, free: number): Warning[] {
  if (units === null && free > 0) return []
  if (units !== null && units <= free) return []
  const asked = units === null ? 'no code' : `${free} free ${free === 1 ? 'code' : 'codes'} for ${units}`
  return [
    { pointer, detail: `pool ${pool} has ${asked}: without a code nothing is given. Codes can be loaded at any time` }
  ]
}

/**
 * Warnings of pools with fewer free codes than prizes and items need: without a code nothing is given. The needs of a shared
 * pool are added up, and each unit that uses it gets a warning.
 */
function codeWarnings({ activities }: Pick<Rules, 'activities'>, free: FreeCodes): Warning[] {
  const wanted = activities.flatMap((activity, index) => wantedCodesOf(activity, `/activities/${index}`))
  const sums = new Map<string, number>()
  for (const { pool, units } of wanted) sums.set(pool, (sums.get(pool) ?? 0) + (units ?? 0))
  return wanted.flatMap((one) => {
    const units = one.units === null ? null : (sums.get(one.pool) ?? 0)
    return codeWarning({ ...one, units }, free.get(one.pool) ?? 0)
  })
}

/** `codeWarnings` with the codes that Postgres has for this campaign. */
export async function readCodeWarnings(db: Parameters<typeof countCodes>[0], rules: Rules): Promise<Warning[]> {
  const pools = new Set(rules.activities.flatMap((activity) => wantedCodesOf(activity, '').map(({ pool }) => pool)))
  const free = new Map<string, number>()
  for (const pool of pools) {
    const { loaded, given } = await countCodes(db, { campaign: rules.id, pool })
    free.set(pool, loaded - given)
  }
  return codeWarnings(rules, free)
}
