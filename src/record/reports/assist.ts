import { type Move, reportParts } from './moves.ts'

/** What an assist says about itself; its user is the helper. */
interface AssistReport {
  readonly kind: 'assist'
  readonly share: string
  /** the user whose share it is, by the name inside the program */
  readonly sharer: string
  /** assists of the share with this one, as far as they were known when it was decided */
  readonly count: number
  readonly moves: readonly Move[]
}

/** Reads `<share>,<sharer>,<count>|<move>...`. */
export function decodeAssist(text: string): AssistReport {
  const { facts, moves } = reportParts(text)
  const [share = '', sharer = '', count] = facts
  return { kind: 'assist', share, sharer, count: Number(count), moves }
}
