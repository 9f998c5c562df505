import type t from 'tap'
import type { Rules } from '../../src/campaign/definition/rules.ts'
import { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import type { Gate } from '../../src/gate/gate.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { buy, startCore } from '../support/shop/core.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

export const HOUR = 3_600_000
export const ada = { operator: 'ada', reason: 'a test' }
export const ben = { operator: 'ben', reason: 'a test' }

export const iso = (moment: number) => new Date(moment).toISOString()

/** A campaign that is open now, with one session `am` of 5 units of its only sale `phone`. */
export function openDefinition(id: string, sale: Record<string, unknown> = {}, changes: Record<string, unknown> = {}) {
  const now = Date.now()
  const [opensAt, closesAt] = [iso(now - HOUR), iso(now + HOUR)]
  const { requires: _requires, ...rest } = exampleSale()
  const sessions = [{ id: 'am', opensAt, closesAt, stock: 5 }]
  return {
    ...exampleDefinition({ id, activities: [{ ...rest, sessions, ...sale }], ...changes }),
    id,
    opensAt,
    closesAt
  }
}

/** A gate that can be taken away: nothing it is asked then is done. */
function interruptible(gate: Gate) {
  const state = { away: false }
  const unavailable: Outcome = { kind: 'unavailable', reason: 'taken away', retryAfterMs: 1 }
  const submit: Gate['submit'] = async (command) => (state.away ? unavailable : gate.submit(command))
  return { state, gate: { numbers: gate.numbers, submit, read: gate.read.bind(gate), look: gate.look.bind(gate) } }
}

/** A worker, a gate and the lifecycle over real servers, for all tests of a file. @param env of the worker and the gate */
export async function setUp(test: typeof t, env: Readonly<Record<string, string>> = {}) {
  const urls = await sharedServers(test)
  const core = await startCore(test, { ...urls, env: { ...urls.env, ...env } })
  core.worker()
  const { gate: realGate, shards, redis, prefix } = await core.gateway()
  await realGate.ready()
  const { state, gate } = interruptible(realGate)
  const deps = { pool: core.pool, gate }
  const campaigns = new Campaigns(deps, { carryMs: 20_000 })
  return {
    core,
    shards,
    redis,
    prefix,
    realGate,
    state,
    deps,
    campaigns,
    /** Saves, submits, approves and publishes, by two operators. */
    async publish(definition: { id: string }) {
      await campaigns.save({ id: definition.id, input: definition }, ada)
      await campaigns.submit(definition.id, ada)
      await campaigns.approve(definition.id, ben)
      return campaigns.publish(definition.id, ben)
    },
    stockOf: async (id: string) => (await realGate.read([`s:${id}:phone`]))[0] ?? {},
    rulesOf: async (id: string) => (await campaigns.get(id)).rules as Rules,
    purchase: (campaign: string, user: string, key = `u:${campaign}-${user}`) =>
      realGate.submit(buy({ campaign, sale: 'phone' }, user, { key }))
  }
}
