import { type Move, numberOrNull, reportParts } from './moves.ts'

/** What a spin says about itself, with all that it was drawn with. */
export interface SpinReport {
  readonly kind: 'spin'
  readonly prize: string
  /** the sub-prize of a lucky fallback, '' where there is none */
  readonly sub: string
  /** 13 hex digits */
  readonly number: string
  /** number of the draw's spin before, '' for the first */
  readonly previous: string
  /** the prize that the number means */
  readonly picked: string
  /** why the picked prize was not given (exhausted, unreleased, capped, early), or guaranteed; '' when it was given */
  readonly why: string
  readonly level: number
  /** daily chances left after it, null where the draw has none */
  readonly left: number | null
  readonly moves: readonly Move[]
}

/** Reads `<prize>,<sub>,<number>,<previous number>,<picked prize>,<why>,<level>,<daily chances left or ''>|<move>...` */
export function decodeSpin(text: string): SpinReport {
  const { facts, moves } = reportParts(text)
  const [prize = '', sub = '', number = '', previous = '', picked = '', why = '', level = '0', left] = facts
  return {
    kind: 'spin',
    prize,
    sub,
    number,
    previous,
    picked,
    why,
    level: Number(level),
    left: numberOrNull(left),
    moves
  }
}

/** Whether a text is a spin's report with all its facts, the level a whole number. */
export function isSpinReport(text: string): boolean {
  return /^(?:[^,|]*,){6}\d+,[^,|]*(?:\||$)/.test(text)
}

/** The facts as the gate writes them, without the moves. */
export function spinFacts(spin: Omit<SpinReport, 'kind' | 'moves'>): string {
  const { prize, sub, number, previous, picked, why, level, left } = spin
  return [prize, sub, number, previous, picked, why, level, left ?? ''].join()
}
