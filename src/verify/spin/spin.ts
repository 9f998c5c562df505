import { userField } from '../../record/fields.ts'
import { clientKeyOf, endedBy } from '../../record/replay.ts'
import { decodeSpin, isSpinReport, type SpinReport } from '../../record/reports/spin.ts'
import { Difference, mustBe } from '../difference.ts'
import type { JournalLine } from '../journal-line.ts'
import type { SpinRules } from './rules.ts'
import type { DrawPlace, DrawState, Spinner } from './state.ts'

/** A spin, with everything that it is checked against. */
export interface Spin {
  readonly line: JournalLine
  readonly report: SpinReport
  readonly state: DrawState
  readonly rules: SpinRules
  readonly user: Spinner
  readonly draw: DrawPlace
  /** ms since 1970 */
  readonly at: number
  readonly today: number
  /** decisions of this epoch that are missing before it: each may have taken or counted one of anything */
  readonly missing: number
  /** as missing, of what only spins of this user in this draw change */
  readonly ownMissing: number
  /** fields of the user's hash */
  readonly fields: {
    readonly times: string
    readonly timesToday: string
    readonly wins: string
    readonly lastSpin: string
    readonly kept: string
    readonly drawn: string
  }
  /** the drawn spin that it ends, `<shard>-<epoch>-<sequence>`: it was paid for and counted then */
  readonly ends: string | undefined
}

/** @throws Difference when the decision's report is none of a spin */
export function readSpin(
  line: JournalLine,
  context: { readonly state: DrawState; readonly draw: DrawPlace; readonly missing: number }
): Spin {
  const { state, draw, missing } = context
  mustBe(isSpinReport(line.report), 'the report', { expected: 'eight facts', found: line.report })
  const ends = endedBy(line.key)
  if (clientKeyOf(line.key) === undefined && ends === undefined)
    throw new Difference('the key', 'one of a user', line.key)
  const { rules } = state
  const at = Date.parse(line.at)
  const today = rules.dayAt(at)
  const { campaign, draw: id } = draw
  return {
    line,
    report: decodeSpin(line.report),
    state,
    rules,
    user: state.user(line.user),
    draw,
    at,
    today,
    missing,
    ownMissing: rules.memory ? 0 : missing,
    fields: {
      times: userField.times(campaign, id),
      timesToday: userField.times(campaign, id, today),
      wins: userField.wins(campaign, id),
      lastSpin: userField.losses(campaign, id),
      kept: userField.chancesKept(campaign, id),
      drawn: userField.drawn(campaign, id)
    },
    ends
  }
}

/** A counter of the user before the spin. */
export function countOf({ user }: Spin, field: string): number {
  return user.counts.get(field) ?? 0
}
