import { isoTime } from './iso-time.ts'

/** Why a key of an operator is refused: what was answered under it is not known any more. @param at when it was used first */
export const usedBefore = (at: Date): string =>
  `This key was used at ${isoTime(at.getTime())}, and its answer is not kept any more. Use a new one.`
