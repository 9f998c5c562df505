import type { Run } from '../scenarios/scenario.ts'
import type { World } from '../stack/world.ts'
import { clocks, difference, type Part, parts } from './cpu-by-part.ts'
import type { Measurement } from './measurement.ts'
import { persistedAt, pidsOf, urlOf } from './targets.ts'

/** Postgres ends the session of an owner that is silent for eight seconds: then the taking of the shard would be measured, too. */
const PAUSED_SECONDS = 5

/**
 * How fast the worker stores and tells what waits for it, with nothing else at work: it is paused while orders are confirmed, and
 * measured from when it goes on until the last one is in Postgres and on the public stream.
 */
export async function workerDrain(world: World, { scenario, round, options }: Run): Promise<Measurement> {
  const campaign = `bench-${scenario.name}-${round}`
  await scenario.prepare(world, campaign)
  const { body, expectedStatus, target } = scenario
  const place = { account: campaign, url: urlOf(world, target), path: scenario.path(campaign), body, expectedStatus }
  const job = { ...place, connections: options.connections, seconds: Math.min(options.seconds, PAUSED_SECONDS) }
  const pids = pidsOf(world, target)
  for (const pid of pids.worker) process.kill(pid, 'SIGSTOP')
  let load: Awaited<ReturnType<World['load']['load']>>
  let account: Awaited<ReturnType<World['load']['account']>>
  let before: ReturnType<typeof clocks>
  try {
    load = await world.load.load(job)
    account = await world.load.account(job)
    before = clocks(pids)
  } finally {
    for (const pid of pids.worker) process.kill(pid, 'SIGCONT')
  }
  const storedAt = await persistedAt(world, scenario, { campaign, order: account.lastOrder })
  const spent = difference(clocks(pids), before)
  const { confirmed } = account
  const cpu = Object.fromEntries(parts.map((part) => [part, spent.parts[part] / Math.max(1, confirmed)]))
  const proven = await scenario.prove(world, campaign, account)
  const { startedAt: _began, endedAt: _ended, lastOrder: _last, ...figures } = load
  const seconds = (storedAt - before.at) / 1000
  const restarted = JSON.stringify(pidsOf(world, target)) !== JSON.stringify(pids)
  return {
    scenario: scenario.name,
    round,
    ...figures,
    answered: confirmed,
    seconds,
    perSecond: confirmed / seconds,
    cpu: cpu as Record<Part, number>,
    otherCores: spent.others / spent.at / 1000,
    lagMs: storedAt - before.at,
    proof: {
      facts: proven.facts,
      broken: [...(restarted ? ['the worker was not started again'] : []), ...proven.broken]
    }
  }
}
