import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { compile } from '../../src/campaign/definition/compile.ts'
import { type AdjustCommand, type BuyCommand, SYSTEM_USER } from '../../src/gate/batch/commands.ts'
import { benchItem, openNow, saleOf } from '../stack/admin.ts'

const CAMPAIGN = 'bench'
const STOCK = 100_000_000

/** What opens a sale that nobody buys out. @throws Error when the definition has errors */
export function publication(): AdjustCommand {
  const { opensAt, closesAt } = openNow()
  const activities = [saleOf({ stock: STOCK, unitsPerUser: 100 }, opensAt, closesAt), benchItem(1)]
  const definition = { id: CAMPAIGN, title: 'Benchmark', timezone: 'Asia/Shanghai', opensAt, closesAt }
  const checked = checkDefinition({ ...definition, units: { points: { scope: 'account' } }, activities })
  if (!checked.ok) throw new Error(`The campaign is not right: ${JSON.stringify(checked.errors)}`)
  const { puts, adds } = compile(checked.rules, { ready: true, paused: false, ended: false, version: 1 })
  const named = { op: 'adjust', type: 'campaign.published', user: SYSTEM_USER, key: 'x:adj:bench' } as const
  return { ...named, hash: 'bench', campaign: CAMPAIGN, activity: '', puts, adds, request: '{}' }
}

/** One unit; the same command for a user each time. */
export function buyOf(user: string): BuyCommand {
  const asked = { key: `u:key-of-${user}`, hash: 'a1B2c3D4e5F', request: '{"quantity":1}' }
  return { ...asked, op: 'buy', user, campaign: CAMPAIGN, activity: 'phone', level: 0, quantity: 1 }
}
