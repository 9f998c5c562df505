import type { FrameDecision } from '../../journal/frame.ts'
import { onlyTakes } from '../../record/decisions.ts'
import { balanceOf } from '../../record/fields.ts'
import { scopeKey, userOfKey } from '../../record/keys.ts'
import type { BalanceDelta, DecisionRow, LedgerRow } from '../../store/projection/rows.ts'

/** What a decision did to balances, one entry for each. */
export function addMoves(ledger: LedgerRow[], row: DecisionRow, decision: FrameDecision): void {
  // a purchase moves stock and counters only
  if (onlyTakes(decision.type)) return
  for (const [scope, fields] of Object.entries(decision.add ?? {})) {
    const user = userOfKey(scopeKey(scope, decision))
    if (user === undefined) continue
    for (const [field, delta] of Object.entries(fields)) {
      const balance = delta === 0 ? undefined : balanceOf(field)
      if (balance === undefined) continue
      ledger.push({
        epoch: row.epoch,
        sequence: row.sequence,
        user_id: user,
        ...balance,
        campaign_id: row.campaign,
        activity_id: row.activity,
        delta,
        type: row.type,
        at: row.at
      })
    }
  }
}

/** The sum of ledger entries by balance. */
export function balancesOf(ledger: readonly LedgerRow[]): BalanceDelta[] {
  const sums = new Map<string, BalanceDelta>()
  for (const { user_id, scope, unit, delta } of ledger) {
    const place = `${user_id} ${scope} ${unit}`
    const known = sums.get(place)
    if (known) known.delta += delta
    else sums.set(place, { user_id, scope, unit, delta })
  }
  return [...sums.values()]
}
