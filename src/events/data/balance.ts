import { balanceOf } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { decodeAdjustment } from '../../record/reports/adjustment.ts'
import { askedIn, type Data, type Decided } from './decided.ts'

/** What a grant or an import did to the user's own balances: its report holds bare numbers, so the deltas tell. */
function movesOfOwn({ decision }: Decided) {
  const fields = Object.entries(decision.add?.[logical.user(decision.user)] ?? decision.add?.u ?? {})
  return fields.flatMap(([field, delta]) => {
    const balance = balanceOf(field)
    return balance ? [{ ...balance, delta }] : []
  })
}

export function creditData(decided: Decided): Data {
  return { credits: movesOfOwn(decided) }
}

export function expiryData(decided: Decided): Data {
  return { debits: movesOfOwn(decided) }
}

/** What is taken back, negative. */
interface Asked {
  readonly unit: unknown
  readonly amount: unknown
}

/** What was taken back, and what of it was not there any more. */
export function debitData(decided: Decided): Data {
  const { unit, amount, taken = [{ unit, amount }] } = askedIn(decided.decision)
  const applied = decodeAdjustment(decided.report)?.applied ?? []
  const shortfall = (taken as readonly Asked[]).flatMap((asked, index) => {
    const missing = typeof asked.amount === 'number' ? (applied[index] ?? 0) - asked.amount : 0
    return missing > 0 ? [{ unit: asked.unit, amount: missing }] : []
  })
  return { debits: movesOfOwn(decided), ...(shortfall.length > 0 && { shortfall }) }
}
