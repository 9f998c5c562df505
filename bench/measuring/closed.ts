import type { LoadJob, LoadResult } from '../load/messages.ts'
import type { Run, Scenario } from '../scenarios/scenario.ts'
import type { World } from '../stack/world.ts'
import { clocks, difference, type Part, parts } from './cpu-by-part.ts'
import type { Measurement } from './measurement.ts'
import { type Stored, storedOf } from './persisted-counts.ts'
import { persistedAt, pidsOf, urlOf } from './targets.ts'

/** In the first round no code is compiled yet: without a longer warm-up, programs that compile late would look slow. */
const FIRST_WARMUPS = 3

interface Window {
  readonly result: LoadResult
  readonly endedAt: number
  readonly lagMs: number | null
  readonly decided: Stored | undefined
  readonly cpu: Record<Part, number>
  readonly otherCores: number
  readonly restarted: boolean
}

/** What is stored of the decisions that a scenario makes; undefined where it makes none. */
async function storedBy(world: World, { target, events, expectedStatus }: Scenario, { account }: LoadJob) {
  return target === 'gateway' && expectedStatus === 201 ? storedOf(world, account, events) : undefined
}

const differenceOf = (after: Stored | undefined, before: Stored | undefined): Stored | undefined =>
  after && before && { decisions: after.decisions - before.decisions, frames: after.frames - before.frames }

/** The measured part: CPU times before, the load, waiting until all has arrived, CPU times after. */
async function loadAndWatch(world: World, scenario: Scenario, job: LoadJob): Promise<Window> {
  const pids = pidsOf(world, scenario.target)
  const stored = await storedBy(world, scenario, job)
  const before = clocks(pids)
  const result = await world.load.load(job)
  const answered = clocks(pids)
  const arrivedAt = await persistedAt(world, scenario, { campaign: job.account, order: result.lastOrder })
  const persisted = scenario.until === 'persisted'
  const spent = difference(persisted ? clocks(pids) : answered, before)
  const decided = differenceOf(await storedBy(world, scenario, job), stored)
  // a request that is cut off at the end is decided as any other one, and costs as much
  const counted = persisted && decided ? decided.decisions : result.answered
  const cpu = Object.fromEntries(parts.map((part) => [part, spent.parts[part] / Math.max(1, counted)]))
  return {
    result,
    endedAt: persisted ? arrivedAt : result.endedAt,
    lagMs: Number.isNaN(arrivedAt) ? null : Math.max(0, arrivedAt - result.endedAt),
    decided,
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
export async function closedLoop(world: World, { scenario, round, options }: Run): Promise<Measurement> {
  const campaign = `bench-${scenario.name}-${round}`
  await scenario.prepare(world, campaign)
  const { body, expectedStatus, target } = scenario
  const { connections, seconds, warmupSeconds } = options
  const url = urlOf(world, target)
  const job: LoadJob = {
    account: campaign,
    url,
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
    ...(window.decided && { decided: window.decided }),
    cpu: window.cpu,
    otherCores: window.otherCores,
    lagMs: window.lagMs,
    proof: { facts: proven.facts, broken: [...faults(scenario, window, unresolved), ...proven.broken] }
  }
}
