import { Type } from 'typebox'
import type { Decision } from '../../gate/batch/outcomes.ts'
import { decodeWinChange } from '../../record/reports/win-change.ts'
import { takenBackView } from '../views/report.ts'
import { type ConfirmedBody, confirmedHead, revocation, Win } from '../views/schemas.ts'
import { winView } from '../views/win.ts'
import { RefundDue } from '../wire/schemas.ts'
import { namedActions } from './index.ts'
import type { Decided } from './kind.ts'
import { type DecisionContext, headOf } from './parts/decision.ts'

const decidedOfKinds = namedActions.map(({ decided }) => decided)
const byName = new Map<string, Decided>(decidedOfKinds.map((decided) => [decided.decides, decided]))

/** How decisions of a type such as `spin.won` are shown; undefined for types that no participation makes. */
export function decidedOf(type: string): Decided | undefined {
  const known = byName.get(type)
  if (known !== undefined) return known
  const found = byName.get(type.slice(0, type.indexOf('.')))
  if (found !== undefined) byName.set(type, found)
  return found
}

/** The body of a 201 of any kind; it has exactly one of the last members. */
export const ConfirmedAny = Type.Unsafe<ConfirmedBody>(
  Type.Object(
    {
      ...confirmedHead,
      ...Object.fromEntries(decidedOfKinds.map(({ member, schema }) => [member, Type.Optional(schema)])),
      win: Type.Optional(Win),
      revocation: Type.Optional(revocation),
      refundDue: Type.Optional(RefundDue)
    },
    { title: 'ConfirmedAny' }
  )
)

function revocationView(decision: Decision) {
  const { shortfall, moves } = decodeWinChange(decision.report)
  return {
    takenBack: takenBackView(moves),
    shortfall: Object.fromEntries(shortfall.map(({ unit, amount }) => [unit, amount]))
  }
}

/**
 * The body of a 201, by the type of the decision.
 * @throws Error for a decision that no request of a client can cause
 */
export function confirmedAny(decision: Decision, context: DecisionContext): ConfirmedBody {
  const { id, type, win } = decision
  const decided = decidedOf(type)
  if (decided !== undefined) return decided.body(decision, context)
  if (win !== undefined) {
    const shown = winView(win, { ...context, code: context.codes?.[0] })
    const revoked = type === 'win.revoked' && { revocation: revocationView(decision) }
    return { ...headOf(decision, context), win: shown, ...revoked }
  }
  throw new Error(`decision ${id} (${type}) is nothing to show`)
}
