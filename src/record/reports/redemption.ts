import { type Move, reportParts } from './moves.ts'

/** What a redemption (a decision claim.accepted) says about itself. */
interface RedemptionReport {
  readonly kind: 'redemption'
  readonly quantity: number
  /** that its codes are of, '' where it has none */
  readonly pool: string
  /** what it took, of which unit: its first move */
  readonly unit: string
  readonly cost: number
  readonly moves: readonly Move[]
}

/** Reads `<quantity>,<pool or ''>|<move>...` */
export function decodeRedemption(text: string): RedemptionReport {
  const { facts, moves } = reportParts(text)
  const [quantity, pool = ''] = facts
  const [paid] = moves
  return {
    kind: 'redemption',
    quantity: Number(quantity),
    pool,
    unit: paid?.unit ?? '',
    cost: -(paid?.delta ?? 0),
    moves
  }
}
