/**
 * Under what reading of the rules a draw was published; the verifier of draws asks for it, because those of before were
 * decided otherwise in part: a fallback was never a win, all else always was, one card was in force, and chances were kept
 * of days with a spin only.
 */
export const EDITION = 2

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
