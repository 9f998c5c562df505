import { isPart } from '../../record/decisions.ts'
import { userField } from '../../record/fields.ts'
import { logical } from '../../record/keys.ts'
import { moveText } from '../../record/reports/moves.ts'
import { spinFacts } from '../../record/reports/spin.ts'
import { encodeWin, type Given } from '../../record/win.ts'
import { Difference, mustBe, mustEqual } from '../difference.ts'
import { type Cost, checkCost } from './cost.ts'
import { drawnBefore, drawnRecord, mustBeEnded } from './drawn.ts'
import { creditPrize, type Effects } from './gives.ts'
import { memoryAfter, oldMemoryAfter } from './losses.ts'
import { type CheckedPrize, checkGiven, checkPrize } from './prize.ts'
import type { SpinPrize } from './rules.ts'
import { countOf, type Spin } from './spin.ts'

type Scopes = Readonly<Record<string, Readonly<Record<string, number | string>>>>

/** The draw was open, and open to this user. */
function checkStanding(spin: Spin): void {
  const { rules, at, report, line, user, draw, state, fields } = spin
  mustBe(rules.shut === '', 'the draw', { expected: 'open', found: rules.shut })
  if (at < rules.opensAt || at >= rules.closesAt) {
    const window = [rules.opensAt, rules.closesAt].map((time) => new Date(time).toISOString())
    throw new Difference('the time', window.join(' to '), line.at)
  }
  mustBe(report.level >= rules.level, 'the level', { expected: `${rules.level} or above`, found: report.level })
  const barred = user.texts.get(userField.disqualified(draw.campaign)) === '1'
  mustBe(!barred, 'the user', { expected: 'one who is not disqualified', found: line.user })
  if (rules.entitlement !== '') {
    const held = state.balance(line.user, userField.entitlement(draw.campaign, rules.entitlement)).most(line.batch)
    mustBe(held >= 1, `the entitlement ${rules.entitlement}`, { expected: 'one', found: held })
  }
  const limits = [
    [rules.perDay, fields.timesToday, 'on this day'],
    [rules.perCampaign, fields.times, 'in the campaign']
  ] as const
  for (const [most, field, when] of limits) {
    const times = countOf(spin, field) + 1
    mustBe(most === 0 || times <= most, `the spins ${when}`, { expected: `${most} at most`, found: times })
  }
}

/** Whether it counts as a win. */
function isCounted({ rules, line, fields }: Spin, prize: SpinPrize): boolean {
  const readings = [prize.type !== 'nothing', ...(rules.isOld ? [prize.id !== rules.fallback] : [])]
  const told = line.adds.u?.[fields.wins] !== undefined
  return readings.includes(told) ? told : (readings[0] ?? false)
}

const bump = ({ adds }: Effects, field: string, by: number) => adds.set(field, (adds.get(field) ?? 0) + by)

/** Counters of the user that every win moves. */
function countWin(spin: Spin, { prize }: CheckedPrize, effects: Effects): void {
  const { rules, fields, draw, line } = spin
  if (isPart(line.type) || !isCounted(spin, prize)) return
  bump(effects, fields.wins, 1)
  if (rules.tierMost.has(prize.tier)) bump(effects, userField.wins(draw.campaign, draw.draw, Number(prize.tier)), 1)
}

/** Counters of the user that every spin moves, and whether they take part in the campaign for the first time. */
function countSpin(spin: Spin, effects: Effects): boolean {
  const { rules, fields, draw, user, line, missing, ends } = spin
  if (ends !== undefined) return false
  bump(effects, fields.times, 1)
  if (rules.perDay > 0 || rules.daily > 0) bump(effects, fields.timesToday, 1)
  if (rules.entitlement !== '') bump(effects, userField.entitlement(draw.campaign, rules.entitlement), -1)
  const participation = userField.participation(draw.campaign)
  if (user.counts.has(participation)) return false
  // a missing decision of the same user may have been their first
  const told = line.adds.u?.[participation] !== undefined
  const first = told || missing === 0
  if (first) bump(effects, participation, 0)
  return first
}

function winRecord(spin: Spin, { prize, sub }: CheckedPrize, given: readonly Given[]): string {
  const { line, draw, at } = spin
  if (prize.type === 'nothing') return ''
  return encodeWin({
    status: given.length > 0 ? 'given' : 'won',
    frame: `${line.epoch}-${line.batch}`,
    campaign: draw.campaign,
    draw: draw.draw,
    prize: prize.id,
    sub: sub?.id ?? '',
    tier: Number(prize.tier),
    type: prize.type,
    wonAt: at,
    claimBy: given.length === 0 && prize.claimWithinMs > 0 ? at + prize.claimWithinMs : null,
    given
  })
}

/** Both must hold the same values; a scope without fields is none. */
function compare(what: string, expected: Scopes, found: Scopes): void {
  for (const [scope, fields] of Object.entries(expected)) {
    for (const [field, value] of Object.entries(fields)) {
      const other = found[scope]?.[field]
      if (other !== value) throw new Difference(`${what} ${scope} ${field}`, value, other ?? '')
    }
  }
  for (const [scope, fields] of Object.entries(found)) {
    for (const [field, value] of Object.entries(fields)) {
      if (expected[scope]?.[field] === undefined) throw new Difference(`${what} ${scope} ${field}`, '', value)
    }
  }
}

/** What is kept of the user's spins: losing ones where a prize looks at them, and one that is drawn until it is ended. */
function keepSpin(spin: Spin, { prize, digest }: CheckedPrize, { puts }: Effects): void {
  const { line, rules, fields, ends } = spin
  if (isPart(line.type)) {
    puts.set(fields.drawn, drawnRecord(spin, digest))
    return
  }
  if (ends !== undefined) puts.set(fields.drawn, '')
  if (!rules.memory) return
  const old = oldMemoryAfter(spin, prize)
  const isOld = rules.isOld && line.puts.u?.[fields.lastSpin] === old
  puts.set(fields.lastSpin, isOld ? old : memoryAfter(spin, prize))
}

/** Everything that the spin wrote, field by field. */
function compareWritten(spin: Spin, checked: CheckedPrize, effects: Effects): void {
  const { line, report, draw, ends } = spin
  const { prize } = checked
  const isDrawn = isPart(line.type)
  const won = prize.type !== 'nothing' && !isDrawn
  countWin(spin, checked, effects)
  const isFirst = countSpin(spin, effects)
  keepSpin(spin, checked, effects)
  if (!isDrawn) mustEqual('the type', won ? 'spin.won' : 'spin.lost', line.type)
  mustEqual('the win', won ? `${line.epoch}-${line.sequence}` : '', line.entity)
  mustEqual('the session', '', line.session)
  mustEqual('the record of the win', won ? winRecord(spin, checked, effects.given) : '', line.record)
  mustEqual('the report', spinFacts(report) + effects.moves.map(moveText).join(''), line.report)
  const quota = prize.limited && !isDrawn ? { s: { [`${prize.id}:remaining`]: -1, [`${prize.id}:paid`]: 1 } } : {}
  const left = { 'codes:remaining': -1, 'codes:paid': 1 }
  const codes = prize.pool === '' || isDrawn ? {} : { [logical.pool(draw.campaign, prize.pool)]: left }
  const participant = isFirst ? { c: { participants: 1 } } : {}
  compare('what it adds to', { u: Object.fromEntries(effects.adds), ...quota, ...codes, ...participant }, line.adds)
  const chain = ends === undefined ? { s: { chain: report.number } } : {}
  compare('what it writes to', { u: Object.fromEntries(effects.puts), ...chain }, line.puts)
}

const FREE = { amount: 0, kept: undefined } as const

function finishChecks(spin: Spin, checked: CheckedPrize, cost: Cost): CheckedPrize {
  const rewards = isPart(spin.line.type) ? [] : [...checked.prize.reward, ...(checked.sub?.reward ?? [])]
  const effects = creditPrize(spin, cost, rewards)
  if (spin.report.moves.length !== effects.moves.length) {
    throw new Difference('the moves of balances', effects.moves.map(moveText).join('').slice(1), spin.line.report)
  }
  compareWritten(spin, checked, effects)
  return checked
}

/**
 * Recomputes one spin from everything before it.
 * @param secret.random the HMAC of this spin
 * @param secret.previous the number of the spin before, undefined when that is missing
 * @throws Difference at the first thing that is not as it must be
 */
export function checkSpin(spin: Spin, secret: { random: string; previous: string | undefined }): CheckedPrize {
  mustBeEnded(spin)
  checkStanding(spin)
  const checked = checkPrize(spin, secret)
  return finishChecks(spin, checked, checkCost(spin))
}

/** Recomputes the end of a spin that was drawn: nothing is rolled or paid again. @param ended that spin @throws Difference */
export function checkEnd(spin: Spin, ended: string): CheckedPrize {
  const { digest } = drawnBefore(spin, ended)
  return finishChecks(spin, checkGiven(spin, digest), FREE)
}
