import { carriedChances, decodeKept, leftOfDay } from '../../record/draw.ts'
import { Difference, mustBe } from '../difference.ts'
import { countOf, type Spin } from './spin.ts'

/** What a spin cost. */
export interface Cost {
  /** taken from the cost's balance, 0 for a daily chance */
  readonly amount: number
  /** daily chances carried over, written at the first spin of a day; undefined where nothing was written */
  readonly kept: string | undefined
}

/** Chances carried over from earlier days, and what the gate writes down about them. */
function carriedOver(spin: Spin): { carried: number; kept: string | undefined } {
  const { rules, user, today, fields, line } = spin
  if (!rules.keep) return { carried: 0, kept: undefined }
  const { daily } = rules
  const before = decodeKept(user.texts.get(fields.kept))
  const spent = before === undefined ? 0 : countOf(spin, `${fields.times}@${before.day}`)
  const carried = carriedChances({ daily, kept: before, spent, today, firstDay: rules.dayAt(rules.opensAt) })
  if (before !== undefined && before.day >= today) return { carried, kept: undefined }
  const left = before === undefined ? 0 : leftOfDay(before, daily, spent)
  // before, days without a spin left nothing
  const isOld = rules.isOld && line.puts.u?.[fields.kept] === `${today};${left}`
  return isOld ? { carried: left, kept: `${today};${left}` } : { carried, kept: `${today};${carried}` }
}

/** What was written about carried chances; a missing spin of this user may have spent more, or have written it before. */
function checkKept(spin: Spin, kept: string | undefined): string | undefined {
  const found = spin.line.puts.u?.[spin.fields.kept]
  if (spin.ownMissing === 0 || kept === undefined) return kept
  if (found === undefined) return undefined
  const [day, count = ''] = found.split(';')
  const fits = Number(day) === spin.today && /^\d+$/.test(count) && Number(count) <= Number(kept.split(';')[1])
  mustBe(fits, 'the chances carried over', { expected: `${kept} or fewer`, found })
  return found
}

/** Whether a daily chance was there, which is spent first; the fact `left` tells how many are left after it. */
function takesDailyChance(spin: Spin, carried: number): boolean {
  const { rules, report, fields, ownMissing } = spin
  const { left, moves } = report
  const most = Math.max(0, carried + rules.daily - countOf(spin, fields.timesToday))
  const least = Math.max(0, most - ownMissing)
  const told = left ?? -1
  const paid = moves[0]?.unit === rules.cost.unit && moves[0].delta < 0
  const none = least === 0 && told === 0 && paid
  const spent = told + 1 >= least && told + 1 <= most && told >= 0 && !paid
  const expected = most > 0 ? `${most - 1} left, one was taken` : 'none left, it is paid for'
  mustBe(none || spent, 'the daily chances left', {
    expected,
    found: `${left ?? ''} left, ${paid ? '' : 'not '}paid for`
  })
  return spent
}

/** What a user had of a unit before the spin, as its report says. @throws Difference when that cannot be */
export function checkBalance(spin: Spin, found: { unit: string; field: string; value: number }): void {
  const { line, state, missing } = spin
  const { unit, field, value } = found
  const balance = state.balance(line.user, field)
  const [least, most] = [balance.least(), balance.most(line.batch)]
  if (value >= 0 && balance.was(value, line.batch, missing > 0)) return
  const expected = least === most ? String(most) : `${least} to ${most}, as far as gives were usable`
  throw new Difference(`the balance of ${unit} before it`, expected, value)
}

function checkPayment(spin: Spin): number {
  const { unit, field, amount } = spin.rules.cost
  const [move] = spin.report.moves
  if (move?.unit !== unit || move.delta !== -amount) {
    throw new Difference('what it cost', `${unit} -${amount}`, move ? `${move.unit} ${move.delta}` : '')
  }
  const value = (move?.balance ?? 0) + amount
  if (!(value >= amount)) throw new Difference(`the balance of ${unit} before it`, `${amount} or more`, value)
  checkBalance(spin, { unit, field, value })
  return amount
}

/**
 * Every spin takes one daily chance or pays its cost, from a balance that holds it.
 * @throws Difference
 */
export function checkCost(spin: Spin): Cost {
  const { daily, cost } = spin.rules
  const paid = () => (cost.amount === 0 ? 0 : checkPayment(spin))
  if (daily === 0) {
    mustBe(spin.report.left === null, 'the daily chances left', { expected: '', found: spin.report.left })
    return { amount: paid(), kept: undefined }
  }
  const { carried, kept } = carriedOver(spin)
  return { amount: takesDailyChance(spin, carried) ? 0 : paid(), kept: checkKept(spin, kept) }
}
