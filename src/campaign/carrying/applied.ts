import { SYSTEM_USER } from '../../gate/batch/commands.ts'
import { creditOf } from '../../record/fields.ts'
import { isStockKey, isUserKey } from '../../record/keys.ts'
import type { IntentRow } from '../../store/campaigns/intents.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { AuditEntry } from '../../store/operators/audit.ts'
import type { Rules } from '../definition/rules.ts'
import { stockWordOf } from '../definition/stock.ts'
import { stockKey } from '../parts/fields.ts'

/** What a change asked of one number, and what the gate did; `applied` is null while that is not known. */
interface AppliedAdd {
  readonly key: string
  readonly field: string
  readonly asked: number
  readonly applied: number | null
}

/** The additions of an intent with what the gate applied: a removal takes at most what is left. */
export function appliedAdds({ adds }: Pick<IntentRow, 'adds'>, applied: readonly number[] | null): AppliedAdd[] {
  return adds.map(([key, field, asked], index) => ({ key, field, asked, applied: applied?.[index] ?? null }))
}

/** A change of stock as answers show it, named by session or prize. */
export function stockView({ key, field, asked, applied }: AppliedAdd, rules: Rules | undefined) {
  const activity = rules?.activities.find(({ id }) => stockKey(rules.id, id) === key)
  const item = field.replace(/:remaining$/, '')
  const of = activity ? stockWordOf(activity, item) : 'session'
  return { [of]: item, asked, applied }
}

/** A balance that an operator changed, and what a removal did not find any more. */
export function balanceView({ field, asked, applied }: AppliedAdd) {
  const missing = applied === null ? 0 : applied - asked
  return {
    unit: creditOf(field)?.unit ?? field,
    asked,
    applied,
    ...(missing > 0 && { shortfall: missing })
  }
}

/**
 * The audit entry of a change that did less than asked. The first entry says only what was asked, because it is written
 * before the gate decides: a change that cannot be audited is not made.
 */
export function shortEntry(
  intent: IntentRow,
  { decision, applied }: { readonly decision: string; readonly applied: readonly number[] },
  rules: Rules | undefined
): AuditEntry {
  const { campaign, activity, user, type, createdBy } = intent
  const adds = appliedAdds(intent, applied)
  const stock = adds.filter(({ key }) => isStockKey(key)).map((add) => stockView(add, rules))
  const balances = adds.filter(({ key }) => isUserKey(key)).map(balanceView)
  return {
    operator: createdBy,
    action: type,
    target: user === SYSTEM_USER ? `campaign:${campaign}` : `user:${issuedUser(user)}`,
    reason: (JSON.parse(intent.request) as { reason?: string }).reason,
    after: {
      ...(stock.length > 0 ? { activity, stock } : { campaign, balances }),
      eventId: decision,
      intent: String(intent.id)
    }
  }
}
