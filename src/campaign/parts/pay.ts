import { userField } from '../../record/user-fields.ts'
import { findDraw, type Rules, scopeOf } from '../definition/rules.ts'
import type { Amount, Reward } from './model.ts'

/** The field of a user's hash that holds a unit. */
function unitField(rules: Rules, unit: string): string {
  return userField.balance(unit, scopeOf(rules.units, unit) === 'campaign' ? rules.id : '')
}

/** What something costs: the name that people see, the field that it is taken from, the amount. */
export function compileCost(rules: Rules, { unit, amount }: Amount) {
  return { cost_unit: unit, cost_field: unitField(rules, unit), cost: amount }
}

/** One chance of the draw itself. */
export function compileChance(rules: Rules, draw: string) {
  return { cost_unit: `chances:${draw}`, cost_field: userField.chances(rules.id, draw), cost: 1 }
}

/**
 * A reward as the gate reads it: entries `unit field amount capPerDay multiplied` joined by commas; a doubler's entry has
 * its hours and activities behind.
 * @param multiplied whether a doubler of the user multiplies its units: tasks are, prizes never
 */
export function compileReward(rules: Rules, reward: Reward | null, multiplied = false): string {
  if (!reward) return ''
  const { units, chances, entitlement, doubler } = reward
  const entries: Array<Array<string | number>> = []
  for (const [unit, amount] of Object.entries(units)) {
    entries.push([unit, unitField(rules, unit), amount, 0, multiplied ? 1 : 0])
  }
  for (const [draw, amount] of Object.entries(chances)) {
    const cap = findDraw(rules, draw)?.chances?.extraPerDay ?? 0
    entries.push([`chances:${draw}`, userField.chances(rules.id, draw), amount, cap, 0])
  }
  if (entitlement !== '') {
    entries.push([`entitlement:${entitlement}`, userField.entitlement(rules.id, entitlement), 1, 0, 0])
  }
  if (doubler) {
    const { factor, hours, activities } = doubler
    entries.push(['doubler', userField.doubler(rules.id), factor, 0, 0, hours, activities.join('+') || '-'])
  }
  return entries.map((entry) => entry.join(' ')).join(',')
}
