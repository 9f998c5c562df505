import { type Move, reportParts } from './moves.ts'

/** What a credit says about itself: a reward for what somebody else did. */
interface CreditReport {
  readonly kind: 'credit'
  /** `day` or `campaign` where a cap withheld the whole reward, the unit that a cap of the day cut, '' for neither */
  readonly cappedBy: string
  /** what it is about, as the command named it */
  readonly about: string
  readonly moves: readonly Move[]
}

/** Reads `<cap or ''>,<about>|<move>...`. */
export function decodeCredit(text: string): CreditReport {
  const { facts, moves } = reportParts(text)
  const [cappedBy = '', about = ''] = facts
  return { kind: 'credit', cappedBy, about, moves }
}
