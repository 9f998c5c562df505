import type { Pool } from 'pg'
import { type Change, rulesInForce } from '../carrying/context.ts'
import type { Foreseen } from '../change/plan.ts'
import { endedCalendar } from '../definition/warnings.ts'
import { readCodeWarnings } from './code-warnings.ts'

/**
 * The answer to a change with what nobody could be warned of when the definition was checked: codes are given meanwhile, a calendar is copied
 * when it is published, an end is moved. It is read from the rules in force, so that a retry is told the same.
 * @param activity the one that was changed, '' for the whole campaign
 */
export async function withWarnings(pool: Pool, change: Change, activity = ''): Promise<Change> {
  const rules = rulesInForce(change.campaign)
  if (!rules) return change
  const changed = rules.activities.findIndex(({ id }) => id === activity)
  const all = [...endedCalendar(rules), ...(await readCodeWarnings(pool, rules))]
  const warnings = activity === '' ? all : all.filter(({ pointer }) => pointer.split('/')[2] === String(changed))
  return warnings.length === 0 ? change : { ...change, warnings }
}

/** The same for a change that was planned only. */
export async function foreseenWarnings(pool: Pool, foreseen: Foreseen, activity = ''): Promise<Foreseen> {
  const { campaign, planned } = foreseen
  const after = { campaign: { ...campaign, ...(planned && { rules: planned.change.rules ?? campaign.rules }) } }
  const { warnings } = await withWarnings(pool, after, activity)
  return warnings ? { ...foreseen, warnings } : foreseen
}
