import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { FrameDecision } from '../journal/frame.ts'
import { LENT, RECEIVED } from './decisions.ts'
import { decodeAdjustment } from './reports/adjustment.ts'

/** The item that is lent and between whom, as the requests of both decisions name it. */
const LoanSchema = Type.Object({
  loan: Type.String({ minLength: 1 }),
  /** logical key of the stock hash */
  key: Type.String({ minLength: 1 }),
  /** `<name>:remaining` */
  field: Type.String({ minLength: 1 }),
  from: Type.Integer({ minimum: 0 }),
  to: Type.Integer({ minimum: 0 }),
  /** of what is lent how many were asked for, of what is received how many that were */
  units: Type.Integer({ minimum: 0 })
})

const isLoan = Compile(LoanSchema)

/** What a request says about a loan. */
export type LoanRequest = Static<typeof LoanSchema>

/** One of the two decisions of a loan. */
interface LoanMove extends LoanRequest {
  readonly type: typeof LENT | typeof RECEIVED
  readonly campaign: string
  /** units that it took or gave: of what is lent as many as were left of those that were asked for */
  readonly moved: number
}

/** Undefined for a decision about anything else. */
export function loanMoveOf({
  type,
  campaign,
  request,
  report = ''
}: Pick<FrameDecision, 'type' | 'campaign' | 'request' | 'report'>): LoanMove | undefined {
  if ((type !== LENT && type !== RECEIVED) || !isLoan.Check(request)) return undefined
  const [moved = 0] = decodeAdjustment(report)?.applied ?? []
  return { ...request, type, campaign, moved: Math.abs(moved) }
}
