import { type Static, Type } from 'typebox'
import { isoTime } from '../../../base/iso-time.ts'
import type { Decision } from '../../../gate/batch/outcomes.ts'
import { decodeSpin, type SpinReport } from '../../../record/reports/spin.ts'
import { balancesView, costView, creditedView, setChances } from '../../views/report.ts'
import { Amounts, Balances, Credited, confirmedHead, orNull, PrizeName, WinState } from '../../views/schemas.ts'
import { prizeName, winState, wonPrize } from '../../views/win.ts'
import { Time } from '../../wire/schemas.ts'
import type { Decided } from '../kind.ts'
import { type DecisionContext, headOf } from '../parts/decision.ts'

const Spin = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    draw: Type.String(),
    prize: orNull(PrizeName),
    win: orNull(WinState),
    cost: Amounts,
    credited: Credited,
    balances: Balances,
    number: Type.String({ description: 'the number by which the prize was picked, 13 hex digits' }),
    why: Type.Optional(
      Type.String({
        description:
          'why the prize is another one than the number picked: exhausted, unreleased, capped, early, guaranteed'
      })
    ),
    spunAt: Time
  },
  { title: 'Spin' }
)

function prizeOf(decision: Decision, report: SpinReport, { rules, language }: DecisionContext): PrizeName | null {
  const prize = rules?.kind === 'draw' ? rules.prizes.find(({ id }) => id === report.prize) : undefined
  if (decision.win !== undefined) return wonPrize(decision.win, prize, language)
  return prize === undefined ? null : prizeName(prize, report.sub, language)
}

function spinView(decision: Decision, context: DecisionContext): Static<typeof Spin> {
  const report = decodeSpin(decision.report)
  const { number, why, left, moves } = report
  const balances = balancesView(moves)
  if (left !== null) setChances(balances, context.activity, { daily: left })
  return {
    id: decision.id,
    campaign: context.campaign,
    draw: context.activity,
    prize: prizeOf(decision, report, context),
    win: decision.win === undefined ? null : winState(decision.win),
    cost: costView(moves),
    credited: creditedView(moves),
    balances,
    number,
    ...(why !== '' && { why }),
    spunAt: isoTime(decision.at)
  }
}

export const spin: Decided = {
  decides: 'spin',
  member: 'spin',
  schema: Spin,
  confirmed: {
    file: 'confirmed-spin.json',
    schema: Type.Object({ ...confirmedHead, spin: Spin }, { title: 'ConfirmedSpin' })
  },
  documents: { 'spin.json': Spin },
  body: (decision, context) => ({ ...headOf(decision, context), spin: spinView(decision, context) })
}
