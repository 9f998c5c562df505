/**
 * Under what reading of the rules a draw was published; the verifier of draws asks for it, because those of before were
 * decided otherwise in part: a fallback was never a win, all else always was, one card was in force, and chances were kept
 * of days with a spin only.
 */
export const EDITION = 2

/** The field of a draw's rules that says how many of each evenly released prize all shards have: `[<shards>;]<prize>:<units>,...` */
export const EVEN = 'even'

/** Units of an evenly released prize. */
interface EvenPrize {
  /** of all shards */
  readonly units: number
  /** of this one, without what came and went by loan */
  readonly own: number
}

/**
 * How many of a shard's own units are released after a share of the draw's window: unit i of n at (i - 1/2)/n of it. Of several shards, unit
 * j of the k-th of n is unit (j - 1) n + k of the whole. A shard that has not its even part (an operator has taken some away, or there are
 * fewer units than shards) goes by what it has. The gate releases by the same rule (lua/lib/release.lua); a test holds them equal.
 */
export function releasedUnits(
  { units, own }: EvenPrize,
  { shard, count }: { readonly shard: number; readonly count: number },
  share: number
): number {
  const nth = shard + 1
  if (count === 1 || units < count || own !== Math.floor((units - nth) / count) + 1)
    return Math.floor(own * share + 0.5)
  return Math.floor((Math.floor(units * share + 0.5) - nth) / count) + 1
}

/** Unused chances of at most so many days are kept (as lua/steps/debit.lua has it). */
export const KEPT_DAYS = 30

/** What the gate notes of a user's unused daily chances at the first spin of a day: how many came from the days before it. */
interface KeptChances {
  /** number of the local day */
  readonly day: number
  readonly count: number
}

/** Reads `<day>;<chances>` of the field `chancesKept`; undefined where nothing was noted yet. */
export function decodeKept(text: string | undefined): KeptChances | undefined {
  if (text === undefined || text === '') return undefined
  const [day, count] = text.split(';')
  return { day: Number(day), count: Number(count) }
}

/** Chances that the last day with a spin left over. @param spent times on that day */
export function leftOfDay(kept: KeptChances, daily: number, spent: number): number {
  return Math.max(0, kept.count + daily - spent)
}

/** What carried chances are computed from, for one user and draw. */
interface ChancesBefore {
  /** chances of a day */
  readonly daily: number
  readonly kept: KeptChances | undefined
  /** times on the day of `kept` */
  readonly spent: number
  /** number of the local day that is now, and of the one on which the draw opened */
  readonly today: number
  readonly firstDay: number
}

/**
 * Unused chances of earlier days, where the campaign keeps them, of days without a spin too: since the last day with one, or
 * since the draw opened. The gate decides by the same rule (lua/steps/debit.lua); a test holds them equal.
 */
export function carriedChances({ daily, kept, spent, today, firstDay }: ChancesBefore): number {
  if (kept !== undefined && kept.day >= today) return kept.count
  const left = kept === undefined ? 0 : leftOfDay(kept, daily, spent)
  const idleDays = kept === undefined ? today - firstDay : today - kept.day - 1
  // before it opens a draw has no days yet
  return Math.min(left + Math.max(0, idleDays) * daily, KEPT_DAYS * daily)
}
