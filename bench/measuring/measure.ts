import type { LoadJob, LoadResult } from '../load/messages.ts'
import type { Options } from '../options.ts'
import type { Service } from '../running/children.ts'
import type { Scenario } from '../scenarios.ts'
import type { World } from '../stack/world.ts'
import { clocks, difference, type Part, type Pids, parts } from './cpu-by-part.ts'
import { whenPersisted } from './persisted-counts.ts'
import type { Proof } from './proofs.ts'

/** One scenario in one round. */
export interface Measurement extends Omit<LoadResult, 'startedAt' | 'endedAt' | 'lastOrder'> {
  readonly scenario: string
  readonly round: number
  /** the measured time: to the last answer, or until all is persisted */
  readonly seconds: number
  /** answers with the expected status, per second of the measured time */
  readonly perSecond: number
  /** CPU microseconds per answer, all threads and child processes */
  readonly cpu: Readonly<Record<Part, number>>
  /** cores that anything but the measured parts kept busy: figures of a busy machine are worth little */
  readonly otherCores: number
  /** from the last answer until Postgres and the public stream have every order; null where nothing is persisted */
  readonly lagMs: number | null
  readonly proof: Proof
}

/** In the first round no code is compiled yet: without a longer warm-up, programs that compile late would look slow. */
const FIRST_WARMUPS = 3

function yardstick({ yardsticks }: World, name: 'bare' | 'peer'): Service {
  if (yardsticks === undefined) throw new Error(`The yardstick ${name} does not run: stacks are compared here.`)
  return yardsticks[name]
}

function pidsOf(world: World, target: Scenario['target']): Pids {
  const { pids } = world.stack.file()
  const service = target === 'gateway' ? pids.gateway : [yardstick(world, target).pid]
  return {
    service,
    redis: pids.redis,
    nats: pids.nats,
    worker: pids.worker,
    postgres: pids.postgres,
    load: [world.load.pid]
  }
}

async function persistedAt(
  world: World,
  scenario: Scenario,
  place: { campaign: string; order: string | null }
): Promise<number> {
  if (scenario.target !== 'gateway' || place.order === null) return Number.NaN
  return whenPersisted(world, { campaign: place.campaign, type: scenario.events, id: place.order })
}

interface Window {
  readonly result: LoadResult
  readonly endedAt: number
  readonly lagMs: number | null
  readonly cpu: Record<Part, number>
  readonly otherCores: number
  readonly restarted: boolean
}

/** The measured part: CPU times before, the load, waiting until all has arrived, CPU times after. */
async function loadAndWatch(world: World, scenario: Scenario, job: LoadJob): Promise<Window> {
  const pids = pidsOf(world, scenario.target)
  const before = clocks(pids)
  const result = await world.load.load(job)
  const answered = clocks(pids)
  const arrivedAt = await persistedAt(world, scenario, { campaign: job.account, order: result.lastOrder })
  const persisted = scenario.until === 'persisted'
  const spent = difference(persisted ? clocks(pids) : answered, before)
  const cpu = Object.fromEntries(parts.map((part) => [part, spent.parts[part] / Math.max(1, result.answered)]))
  return {
    result,
    endedAt: persisted ? arrivedAt : result.endedAt,
    lagMs: Number.isNaN(arrivedAt) ? null : Math.max(0, arrivedAt - result.endedAt),
    cpu: cpu as Record<Part, number>,
    otherCores: spent.others / spent.at / 1000,
    restarted: JSON.stringify(pidsOf(world, scenario.target)) !== JSON.stringify(pids)
  }
}

function faults(scenario: Scenario, { result, restarted }: Window, unresolved: number): string[] {
  const { answered, unexpected, errors, sample } = result
  return [
    ...(answered === 0 ? ['there were answers'] : []),
    ...(unexpected > 0
      ? [`every answer was ${scenario.expectedStatus} (${unexpected} were not, such as: ${sample})`]
      : []),
    ...(errors > 0 ? [`no connection broke and none timed out (${errors} did)`] : []),
    ...(unresolved > 0 ? [`every key got its answer when asked again (${unresolved} did not)`] : []),
    ...(restarted ? ['no process was started again during the measurement'] : [])
  ]
}

/**
 * Runs a scenario once: a campaign of its own, a warm-up, the measured load, and then the proof over everything that was
 * sold in it, warm-up included.
 * @throws Error when a part does not answer
 */
export async function measure(
  world: World,
  run: { scenario: Scenario; round: number; options: Options }
): Promise<Measurement> {
  const { scenario, round, options } = run
  const campaign = `bench-${scenario.name}-${round}`
  await scenario.prepare(world, campaign)
  const { body, expectedStatus, target } = scenario
  const { connections, seconds, warmupSeconds } = options
  const job: LoadJob = {
    account: campaign,
    url: target === 'gateway' ? world.file.publicUrl : yardstick(world, target).url,
    path: scenario.path(campaign),
    body,
    connections,
    seconds,
    expectedStatus
  }

  await world.load.load({ ...job, seconds: round === 1 ? FIRST_WARMUPS * warmupSeconds : warmupSeconds })
  const warm = await world.load.account(job)
  await persistedAt(world, scenario, { campaign, order: warm.lastOrder })

  const window = await loadAndWatch(world, scenario, job)
  const account = await world.load.account(job)
  await persistedAt(world, scenario, { campaign, order: account.lastOrder })
  const proven = await scenario.prove(world, campaign, account)

  const { startedAt, endedAt: _answeredAt, lastOrder: _lastOrder, ...figures } = window.result
  const elapsed = (window.endedAt - startedAt) / 1000
  const unresolved = expectedStatus === 201 ? account.unresolved : 0
  return {
    scenario: scenario.name,
    round,
    ...figures,
    seconds: elapsed,
    perSecond: (figures.answered - figures.unexpected) / elapsed,
    cpu: window.cpu,
    otherCores: window.otherCores,
    lagMs: window.lagMs,
    proof: { facts: proven.facts, broken: [...faults(scenario, window, unresolved), ...proven.broken] }
  }
}
