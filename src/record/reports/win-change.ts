import { amountsOf, type Move, reportParts } from './moves.ts'

/** What a claim or a revocation of a win says about itself. */
interface WinChangeReport {
  readonly kind: 'winChange'
  /** `<epoch>-<sequence>` of the win */
  readonly win: string
  /** of what was to be taken back, what had been spent */
  readonly shortfall: ReadonlyArray<{ readonly unit: string; readonly amount: number }>
  /** what was taken back */
  readonly moves: readonly Move[]
}

/** Reads `<win>,<unit> <missing>...|<move>...` */
export function decodeWinChange(text: string): WinChangeReport {
  const { facts, moves } = reportParts(text)
  const [win = '', ...missing] = facts
  return { kind: 'winChange', win, shortfall: amountsOf(missing), moves }
}
