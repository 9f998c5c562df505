import { unitName, userField } from '../../record/fields.ts'
import { type CampaignContext, extraChances } from './context.ts'
import { prizeField } from './fields.ts'
import type { Amount, Reward } from './model.ts'
import { scopeOf } from './scope.ts'

/** The field of a user's hash that holds a unit. */
function unitField(campaign: CampaignContext, unit: string): string {
  return userField.balance(unit, scopeOf(campaign.units, unit) === 'campaign' ? campaign.id : '')
}

/** A cost for the gate: the name that people see, the field to take it from, the amount. */
export function compileCost(campaign: CampaignContext, { unit, amount }: Amount) {
  return { cost_unit: unit, cost_field: unitField(campaign, unit), cost: amount }
}

/** The cost of one chance of the draw. */
export function compileChance(campaign: CampaignContext, draw: string) {
  return { cost_unit: unitName.chances(draw), cost_field: userField.chances(campaign.id, draw), cost: 1 }
}

/**
 * A reward as the gate reads it: entries `unit field amount capPerDay multiplied` joined by commas; a doubler's entry
 * has its hours and activities after these, and a prize's has the field of the rules that holds it for a unit.
 * @param multiplied whether a doubler of the user multiplies its units: true for tasks, never for prizes
 */
export function compileReward(campaign: CampaignContext, reward: Reward | null, multiplied = false): string {
  if (!reward) return ''
  const { units, chances, entitlement, doubler } = reward
  const entries: Array<Array<string | number>> = []
  for (const [unit, amount] of Object.entries(units)) {
    entries.push([unit, unitField(campaign, unit), amount, 0, multiplied ? 1 : 0])
  }
  for (const [draw, amount] of Object.entries(chances)) {
    entries.push([
      unitName.chances(draw),
      userField.chances(campaign.id, draw),
      amount,
      extraChances(campaign, draw),
      0
    ])
  }
  if (entitlement !== '') {
    entries.push([unitName.entitlement(entitlement), userField.entitlement(campaign.id, entitlement), 1, 0, 0])
  }
  if (doubler) {
    const { factor, hours, activities } = doubler
    entries.push(['doubler', userField.doubler(campaign.id), factor, 0, 0, hours, activities.join('+') || '-'])
  }
  if (reward.prize) entries.push([prizeField(reward.prize.id), userField.heldWins(campaign.id), 1, 0, 0])
  return entries.map((entry) => entry.join(' ')).join(',')
}
