import { isPart } from '../../record/decisions.ts'
import { releasedUnits } from '../../record/draw.ts'
import { userField } from '../../record/fields.ts'
import { Difference, mustBe, mustEqual } from '../difference.ts'
import type { Supply } from '../supply.ts'
import { lossesSince } from './losses.ts'
import { numberOf, pickIndex, pickSubIndex, spinDigest } from './number.ts'
import { RulesError, type SpinPrize, type SpinSub } from './rules.ts'
import { countOf, type Spin } from './spin.ts'

/** How a spin may end: the prize and why it is not the picked one ('' when it is). */
interface Answer {
  readonly prize: string
  readonly why: string
  /** it may be in another shard, so that another decision gives it */
  readonly isDrawn: boolean
}

/** A spin's prize, found right. */
export interface CheckedPrize {
  readonly prize: SpinPrize
  readonly sub: SpinSub | undefined
  /** another answer was possible too: quota was journaled at this moment, and need not have been usable yet */
  readonly openSince: number | undefined
  /** right only because decisions are missing before it */
  readonly byMissing: boolean
  /** what was rolled */
  readonly digest: string
}

function prizeOf({ rules }: Spin, id: string): SpinPrize {
  const prize = rules.prizes.get(id)
  if (!prize) throw new RulesError(`there is no prize ${JSON.stringify(id)}`)
  return prize
}

function limitReached(spin: Spin, prize: SpinPrize, missing: number): 'yes' | 'maybe' | 'no' {
  const { rules, fields, draw } = spin
  // caps are of wins, and nothing is no win; before, all but the fallback was one
  if (prize.type === 'nothing' && !rules.isOld) return 'no'
  const tierMost = rules.tierMost.get(prize.tier)
  const limits: Array<[field: string, most: number]> = []
  if (rules.winsMost > 0) limits.push([fields.wins, rules.winsMost])
  if (tierMost !== undefined) limits.push([userField.wins(draw.campaign, draw.draw, Number(prize.tier)), tierMost])
  // wins that were taken back leave once journaled, which is not told
  const freed = (field: string, how: 'most' | 'least') => spin.user.freed.get(field)?.[how](spin.line.batch) ?? 0
  const surely = limits.some(([field, most]) => countOf(spin, field) - freed(field, 'most') >= most)
  if (surely) return prize.type === 'nothing' ? 'maybe' : 'yes'
  const isFull = limits.some(([field, most]) => countOf(spin, field) - freed(field, 'least') + missing >= most)
  return isFull ? 'maybe' : 'no'
}

/** What a prize takes one of: its quota, the codes of its pool. */
function suppliesOf({ state }: Spin, { id, limited, pool }: SpinPrize): Supply[] {
  return [...(limited ? [state.quota(id).remaining] : []), ...(pool === '' ? [] : [state.codes(pool)])]
}

/** What the quota of a prize may have said: its gives are usable once settled, its takes at once. */
function quotaAnswers(spin: Spin, prize: SpinPrize, missing: number): string[] {
  const { state, line, rules, at } = spin
  const { own, received, lent, paid } = state.quota(prize.id)
  const supplies = suppliesOf(spin, prize)
  const answers: string[] = []
  if (supplies.some((supply) => supply.least() - missing < 1)) answers.push('exhausted')
  if (supplies.some((supply) => supply.most(line.batch) < 1)) return answers
  if (!prize.even) return [...answers, '']
  const { opensAt, closesAt } = rules.session
  const place = { shard: Number(line.id.slice(0, line.id.indexOf('-'))), count: prize.whole.count }
  const share = (at - opensAt) / (closesAt - opensAt)
  const released = (units: number, came: number) =>
    releasedUnits({ units: prize.whole.units, own: units }, place, share) + came - lent
  if (paid + missing >= released(own.least(), received.least())) answers.push('unreleased')
  if (paid - missing < released(own.most(line.batch), received.most(line.batch))) answers.push('')
  return answers
}

/** Why a prize may not be open to this user now; '' when it may be. More than one: the journal alone does not say which. */
function obstacles(spin: Spin, prize: SpinPrize, missing: { any: number; own: number }): string[] {
  if (prize.id === spin.rules.fallback) return ['']
  const times = countOf(spin, spin.fields.times) - (spin.ends === undefined ? 0 : 1)
  if (times + missing.own < prize.minSpins) return ['early']
  const answers = times < prize.minSpins ? ['early'] : []
  const limit = limitReached(spin, prize, missing.own)
  if (limit !== 'no') answers.push('capped')
  if (limit === 'yes') return answers
  return suppliesOf(spin, prize).length > 0 ? [...answers, ...quotaAnswers(spin, prize, missing.any)] : [...answers, '']
}

/** All answers that the gate may have given. */
function possibleAnswers(spin: Spin, picked: SpinPrize, missing: { any: number; own: number }): Answer[] {
  const { rules } = spin
  const answers: Answer[] = []
  for (const { after, prize } of rules.guarantee) {
    const promised = prizeOf(spin, prize)
    if (lossesSince(spin, promised) < after) continue
    const whys = obstacles(spin, promised, missing)
    if (whys.includes('exhausted')) answers.push({ prize, why: 'guaranteed', isDrawn: true })
    if (!whys.includes('')) continue
    answers.push({ prize, why: 'guaranteed', isDrawn: false })
    if (whys.length === 1) return answers
  }
  for (const why of obstacles(spin, picked, missing)) {
    answers.push({ prize: why === '' ? picked.id : rules.fallback, why, isDrawn: false })
    if (why === 'exhausted') answers.push({ prize: picked.id, why: '', isDrawn: true })
  }
  return answers
}

/** The number follows from seed, place and the number before; the picked prize from the number and the weights. */
function checkNumber(spin: Spin, random: string, previous: string | undefined): string {
  const { report, line, rules } = spin
  if (previous !== undefined) mustEqual('the number of the spin before', previous, report.previous)
  mustBe(/^([\da-f]{13})?$/.test(report.previous), 'the number of the spin before', {
    expected: '13 hex digits',
    found: report.previous
  })
  const digest = spinDigest(random, `${line.epoch}-${line.sequence}`, report.previous)
  mustEqual('the number', numberOf(digest), report.number)
  const weights = rules.weightsAt(report.level)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  const picked = sum > 0 ? rules.ids[pickIndex(digest, weights)] : undefined
  if (picked === undefined) throw new RulesError(`level ${report.level} has no weights`)
  mustEqual(`the picked prize (number mod ${sum} in weights ${weights.join()})`, picked, report.picked)
  return digest
}

function shown(answers: readonly Answer[]): string {
  const texts = answers.map(
    ({ prize, why, isDrawn }) => `${prize}, ${why === '' ? 'as picked' : why}${isDrawn ? ', drawn' : ''}`
  )
  return texts.join('; or ')
}

/**
 * Checks the prize given and its sub-prize.
 * @param digest what was rolled
 * @throws Difference
 */
export function checkGiven(spin: Spin, digest: string): CheckedPrize {
  const { report, line, missing, ownMissing } = spin
  const isDrawn = isPart(line.type)
  const found = { prize: report.prize, why: report.why, isDrawn }
  const isFound = (answer: Answer) =>
    answer.prize === found.prize && answer.why === found.why && answer.isDrawn === isDrawn
  const picked = prizeOf(spin, report.picked)
  const sure = possibleAnswers(spin, picked, { any: 0, own: 0 })
  const byMissing = !sure.some(isFound)
  const all = byMissing ? possibleAnswers(spin, picked, { any: missing, own: ownMissing }) : sure
  if (!all.some(isFound)) {
    const alike = all.filter((answer) => answer.isDrawn === isDrawn)
    throw new Difference('the prize', shown(alike.length > 0 ? alike : all), shown([found]))
  }
  const prize = prizeOf(spin, report.prize)
  const open = suppliesOf(spin, report.why === 'guaranteed' ? prize : picked).map((supply) =>
    supply.openSince(line.batch)
  )
  const since = open.filter((moment) => moment !== undefined)
  const couldDiffer = sure.filter((answer) => answer.isDrawn === isDrawn).length > 1
  const openSince = couldDiffer && !byMissing && since.length > 0 ? Math.min(...since) : undefined
  if (!isDrawn) for (const supply of suppliesOf(spin, prize)) supply.reached(1, line.batch)
  const weights = prize.subs.map(({ weight }) => weight)
  const sub = weights.length > 0 && !isDrawn ? prize.subs[pickSubIndex(digest, weights)] : undefined
  mustEqual('the sub-prize', sub?.id ?? '', report.sub)
  return { prize, sub, openSince, byMissing, digest }
}

/**
 * Checks number, picked prize, the prize given and its sub-prize.
 * @param secret.random the HMAC of this spin
 * @param secret.previous the number of the spin before, undefined when that is missing
 * @throws Difference
 */
export function checkPrize(spin: Spin, secret: { random: string; previous: string | undefined }): CheckedPrize {
  return checkGiven(spin, checkNumber(spin, secret.random, secret.previous))
}
