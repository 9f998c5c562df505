import { amountsOf, type Move, reportParts } from './moves.ts'

/** What was taken back of a credit, because what it was given for is void. */
interface TakenBackReport {
  readonly kind: 'takenBack'
  /** `<epoch>-<sequence>` of the credit */
  readonly givenBy: string
  /** what its user had already spent */
  readonly shortfall: ReadonlyArray<{ readonly unit: string; readonly amount: number }>
  readonly moves: readonly Move[]
}

/** Reads `<given by>,<unit> <missing>...|<move>...`. */
export function decodeTakenBack(text: string): TakenBackReport {
  const { facts, moves } = reportParts(text)
  const [givenBy = '', ...missing] = facts
  return { kind: 'takenBack', givenBy, shortfall: amountsOf(missing), moves }
}
