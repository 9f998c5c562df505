import { isoTime } from '../../base/iso-time.ts'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Decision } from '../../gate/batch/outcomes.ts'
import { decodeReport, type Report } from '../../record/report.ts'
import { decodeCompletion } from '../../record/reports/completion.ts'
import type { Language } from '../problems/language.ts'
import { confirmedView } from './order.ts'
import { balancesView, costView, creditedView, setChances, takenBackView } from './report.ts'
import type { Claim, Completion, ConfirmedAny, PrizeName, Spin } from './schemas.ts'
import { type FindPrize, prizeName, winState, winView, wonPrize } from './win.ts'

/** What surrounds a decision that is shown. */
export interface DecisionContext {
  /** the Idempotency-Key */
  readonly requestId: string
  readonly language: Language
  readonly campaign: string
  readonly activity: string
  /** undefined where the catalogue does not know the activity */
  readonly rules: ActivityRules | undefined
  readonly findPrize: FindPrize
  /** codes of a claim; none while they are not assigned */
  readonly codes?: readonly string[]
}

function prizeOf(decision: Decision, { facts }: Report, { rules, language }: DecisionContext): PrizeName | null {
  const [id, sub = ''] = facts
  const prize = rules?.kind === 'draw' ? rules.prizes.find((one) => one.id === id) : undefined
  if (decision.win !== undefined) return wonPrize(decision.win, prize, language)
  return prize === undefined ? null : prizeName(prize, sub, language)
}

/** A spin: facts `<prize>,<sub>,<number>,<previous number>,<picked prize>,<why>,<level>,<daily chances left or ''>`. */
export function spinView(decision: Decision, context: DecisionContext): Spin {
  const report = decodeReport(decision.report)
  const { facts, moves } = report
  const [number = '', why = '', daily = ''] = [facts[2], facts[5], facts[7]]
  const balances = balancesView(moves)
  if (daily !== '') setChances(balances, context.activity, { daily: Number(daily) })
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

/** Codes as their owner sees them: the first, and all where there are several. */
export function codesView(codes: readonly string[] = []): { code?: string; codes?: string[] } {
  const [code] = codes
  if (code === undefined) return {}
  return codes.length === 1 ? { code } : { code, codes: [...codes] }
}

/** A claim: facts `<quantity>,<pool>`. */
export function claimView(decision: Decision, context: DecisionContext): Claim {
  const { facts, moves } = decodeReport(decision.report)
  return {
    id: decision.id,
    campaign: context.campaign,
    item: context.activity,
    quantity: Number(facts[0]),
    cost: costView(moves),
    balances: balancesView(moves),
    acceptedAt: isoTime(decision.at),
    ...codesView(context.codes)
  }
}

const DAY_MS = 86_400_000

/** A local day by its number, as a date. */
export function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}

/** A completion; one of an older version does not say whether a card doubled it. */
export function completionView(decision: Decision, context: DecisionContext): Completion {
  const { day, streak, bonus, cappedBy, factor, moves } = decodeCompletion(decision.report)
  return {
    id: decision.id,
    campaign: context.campaign,
    task: context.activity,
    period: day === null ? null : dateOfDay(day),
    credited: creditedView(moves),
    ...(cappedBy !== '' && { cappedBy }),
    ...(factor !== null && factor > 1 && { doubled: factor }),
    ...(streak !== null && { streak: { length: streak, bonus } }),
    balances: balancesView(moves),
    completedAt: isoTime(decision.at)
  }
}

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
export function confirmedAny(decision: Decision, context: DecisionContext): ConfirmedAny {
  const { id, sequence, type, order, win } = decision
  const head = { outcome: 'confirmed', requestId: context.requestId, sequence, eventId: id } as const
  if (order !== undefined) return confirmedView(decision, context.requestId)
  if (type === 'spin.won' || type === 'spin.lost') return { ...head, spin: spinView(decision, context) }
  if (type === 'claim.accepted') return { ...head, claim: claimView(decision, context) }
  if (type === 'task.completed') return { ...head, completion: completionView(decision, context) }
  if (win !== undefined) {
    const shown = winView(win, { ...context, code: context.codes?.[0] })
    return { ...head, win: shown, ...(type === 'win.revoked' && { revocation: revocationView(decision) }) }
  }
  throw new Error(`decision ${id} (${type}) is nothing to show`)
}
