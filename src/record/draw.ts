/**
 * Under what reading of the rules a draw was published; the verifier of draws asks for it, because those of before were
 * decided otherwise in part: a fallback was never a win, all else always was, one card was in force, and chances were kept
 * of days with a spin only.
 */
export const EDITION = 2

/** Unused chances of at most so many days are kept (as lua/steps/debit.lua has it). */
export const KEPT_DAYS = 30
