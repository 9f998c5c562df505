import { Type } from 'typebox'
import type { Decision } from '../../gate/batch/outcomes.ts'
import { decodeReport } from '../../record/report.ts'
import { takenBackView } from '../views/report.ts'
import { type ConfirmedBody, confirmedHead, revocation, Win } from '../views/schemas.ts'
import { winView } from '../views/win.ts'
import { RefundDue } from '../wire/schemas.ts'
import { namedKinds } from './index.ts'
import type { Decided } from './kind.ts'
import type { DecisionContext } from './parts/decision.ts'

const decidedOfKinds = namedKinds.map(([, { decided }]) => decided)
const byEntity = new Map(decidedOfKinds.map((decided) => [decided.entity, decided]))

/** How decisions of a type are shown, for instance of `spin.won`; undefined for those that are not of taking part. */
export function decidedOf(type: string): Decided | undefined {
  return byEntity.get(type.slice(0, type.indexOf('.')))
}

/** Whatever was decided: exactly one of the last members is there. */
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

/** A revocation: facts `<win entity>,<unit> <missing>...`, moves of what was taken back. */
function revocationView(decision: Decision) {
  const { facts, moves } = decodeReport(decision.report)
  const shortfall = facts.slice(1).map((fact) => fact.split(' '))
  return {
    takenBack: takenBackView(moves),
    shortfall: Object.fromEntries(shortfall.map(([unit = '', missing]) => [unit, Number(missing)]))
  }
}

/**
 * The body of a 201, by the type of the decision.
 * @throws Error for a decision that no client's request can lead to
 */
export function confirmedAny(decision: Decision, context: DecisionContext): ConfirmedBody {
  const { id, sequence, type, win } = decision
  const head = { outcome: 'confirmed', requestId: context.requestId, sequence, eventId: id } as const
  const decided = decidedOf(type)
  if (decided !== undefined) return { ...head, ...decided.show(decision, context) }
  if (win !== undefined) {
    const shown = winView(win, { ...context, code: context.codes?.[0] })
    const members = { win: shown, ...(type === 'win.revoked' && { revocation: revocationView(decision) }) }
    return { ...head, ...members }
  }
  throw new Error(`decision ${id} (${type}) is nothing to show`)
}
