import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Difference } from '../support/judging/promise.ts'
import { type History, mergeHistories } from '../support/load/history.ts'
import { Sampler } from '../support/load/pressure.ts'
import { seededRandom } from '../support/random.ts'
import { shardsEnv } from '../support/servers/servers.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'
import { waitFor } from '../support/wait.ts'
import { judge, paceWrong } from './judge/judge.ts'
import { footprintsOf, logsWrong, refusalsLate, settledFootprints } from './judge/processes.ts'
import { Load } from './load/load.ts'
import { BrokenError, type Expectations, type Row, type Verdict } from './row.ts'
import { shardsOf } from './rows/shards.ts'
import type { SaleSpec } from './sale-spec.ts'
import { campaign, Scene, sale } from './scene.ts'
import { type Lane, SkipRow } from './world/lane.ts'
import { publish } from './world/requests.ts'
import { World } from './world/world.ts'

export interface PlayOptions {
  readonly row: Row
  readonly seed: number
  readonly lane: Lane
  /** compiled build/src/cli.js */
  readonly cli: string
  /** where the evidence of failures goes */
  readonly evidence: string
  /** whether lateness is judged, too: it says as much about the machine as about us */
  readonly timed: boolean
  /** of the deployment (1) */
  readonly shards?: number
}

/** Redis' clock may jump over the next midnight */
const openMs = 30 * 3600 * 1000
const flowingBefore = 60
const sellOutMs = 180_000

interface Played {
  readonly proof: readonly string[]
  readonly differences: readonly Difference[]
}

/** One run of a row from start to judgement; never throws. */
export async function play(options: PlayOptions): Promise<Verdict> {
  const { row, seed, lane } = options
  const startedAt = performance.now()
  const folder = join(lane.folder, `${row.id}-${seed}`)
  const end = (outcome: Verdict['outcome'], { proof, differences }: Played): Verdict => {
    const verdict = { row: row.id, seed, outcome, ms: Math.round(performance.now() - startedAt), proof, differences }
    return outcome === 'failed' ? { ...verdict, evidence: keep(options, folder, verdict) } : verdict
  }
  try {
    await lane.repair()
    const played = await playIn(options, folder)
    return end(played.differences.length === 0 ? 'passed' : 'failed', played)
  } catch (error) {
    if (error instanceof SkipRow) return end('skipped', { proof: [error.message], differences: [] })
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return end('failed', { proof: [], differences: [{ rule: 'run', what }] })
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

function keep({ evidence, row, seed }: PlayOptions, folder: string, verdict: object): string {
  const place = join(evidence, `${row.id}-${seed}`)
  mkdirSync(place, { recursive: true })
  cpSync(folder, place, { recursive: true })
  writeFileSync(join(place, 'verdict.json'), `${JSON.stringify(verdict, null, 2)}\n`)
  return place
}

function seededOf<T>(value: T | ((seed: number) => T) | undefined, seed: number): T | undefined {
  return typeof value === 'function' ? (value as (seed: number) => T)(seed) : value
}

async function playIn(options: PlayOptions, folder: string): Promise<Played> {
  mkdirSync(folder, { recursive: true })
  const prepared = await options.row.prepare?.(options.lane, folder)
  try {
    return await playOn({ ...options, lane: prepared?.lane ?? options.lane }, folder)
  } finally {
    await prepared?.end()
  }
}

async function playOn({ row, seed, lane, cli, timed, shards }: PlayOptions, folder: string): Promise<Played> {
  const random = seededRandom(seed * 7919 + Number(row.id.replace(/\D/g, '')))
  const asked = seededOf(row.sale, seed) ?? {}
  const sized = {
    stock: 400,
    buyers: 24,
    restMs: 30,
    restMeanwhileMs: 1000,
    deadlineMs: 2000,
    ...asked
  }
  const wanted = typeof row.world === 'function' ? row.world(seed, shards ?? 1) : row.world
  const spec = { ...wanted, env: { ...shardsEnv(shards ?? 1), ...wanted?.env } }
  const world = await World.start({ lane, cli, folder, spec })
  let load: Load | undefined
  let scene: Scene | undefined
  try {
    await publish(world, definitionOf(sized))
    load = new Load({
      gateways: world.gateways.map(({ publicUrl }) => publicUrl),
      tokenSecret: world.tokenSecret,
      campaign,
      sale,
      buyers: sized.buyers,
      restMs: sized.restMs,
      deadlineMs: sized.deadlineMs,
      patienceMs: 30_000,
      seed,
      everyNthTwo: 5,
      home: asked.home,
      historyFile: join(folder, 'history.jsonl')
    })
    scene = new Scene({ seed, random, world, load, sale: sized, timed })
    return await run(scene, { row, expects: seededOf(row.expects, seed) ?? {}, timed })
  } finally {
    await load?.end()
    await world.stop()
    await scene?.end()
  }
}

function definitionOf({ stock, payWithinSeconds, ratePerSecond }: SaleSpec & { stock: number }): {
  readonly id: string
} {
  const closesAt = Date.now() + openMs
  const definition = saleDefinition({
    id: campaign,
    closesAt,
    sales: { [sale]: { unitsPerUser: 2, sessions: [{ ...openSession(stock), closesAt }] } }
  })
  const { activities } = definition as unknown as { activities: object[] }
  const timed = payWithinSeconds === undefined ? {} : { payWithinSeconds }
  const admission = ratePerSecond === undefined ? {} : { admission: { ratePerSecond, burst: ratePerSecond } }
  return { ...definition, ...admission, ...{ activities: activities.map((activity) => ({ ...activity, ...timed })) } }
}

/** A step that fails is a difference like any other: what comes after it may tell why. */
async function tried(into: Difference[], rule: string, step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (error instanceof SkipRow) throw error
    if (error instanceof BrokenError) into.push({ rule: error.rule, what: error.message })
    else into.push({ rule, what: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

interface Judging {
  readonly row: Row
  readonly expects: Expectations
  readonly timed: boolean
}

async function run(scene: Scene, { row, expects, timed }: Judging): Promise<Played> {
  const { world, load } = scene
  const before = footprintsOf(world.children)
  const epochsBefore = await epochsOf(scene)
  const crowd = scene.sale.buyers > 0
  const sampler = new Sampler(world, campaign)
  let judged = false
  const sampling = sampler.takeUntil(() => judged)
  const proof: string[] = []
  const found: Difference[] = []
  try {
    await tried(found, 'strike', async () => {
      // a gateway that strikes itself may be gone by then: the row waits for it
      proof.push(crowd ? `load: ${await load.flowing(flowingBefore)}` : 'no crowd')
      proof.push(await row.strike(scene))
    })
    if (scene.healedAt === 0) scene.healed()
    scene.updateGateways()
    await tried(found, 'sell-out', async () => {
      if (crowd && expects.unsold !== true && found.length === 0) await soldOut(sampler, scene)
      await load.stop()
      const open = (await load.settle()) || (await settleOwn(scene))
      if (open !== '') found.push({ rule: 'I7', what: open })
    })
    await load.end()
    const history = mergeHistories([load.history(), scene.history])
    found.push(...(await judge(scene, history, expects)))
    await tried(found, 'judge', async () => {
      found.push(...((await row.judge?.(scene)) ?? []))
    })
    found.push(...paceWrong(scene, history, expects).filter(({ rule }) => timed || rule !== 'I11'))
    for (const { history: own, lagMs } of timed ? [{ history: load.history(), lagMs: load.lagMs }, scene] : [])
      found.push(...refusalsLate(own, lagMs, world.resumedAt))
    found.push(...logsWrong(world.children, expects.alarms ?? [], expects.mayAlarm ?? []))
    found.push(...epochWrong(epochsBefore, await epochsOf(scene), expects))
    found.push(...(await settledFootprints(before)))
    for (const sample of sampler.impossible()) found.push({ rule: 'I3', what: JSON.stringify(sample.sessions) })
    const said = `${summary(history, sampler)}, timers late by ${load.lagMs} ms at p99`
    return { proof: [...proof, ...scene.notes, said], differences: found }
  } finally {
    judged = true
    await sampling
  }
}

function summary(history: History, sampler: Sampler): string {
  return `${history.summary()}; ${sampler.samples.length} samples`
}

async function soldOut(sampler: Sampler, scene: Scene): Promise<void> {
  const what = `all ${scene.stock} units to be sold`
  await waitFor(() => sampler.isSoldOut(scene.stock), { deadlineMs: sellOutMs, what, everyMs: 100 })
}

/** Makes what the row itself asked definite. @returns '' or what stayed open */
async function settleOwn(scene: Scene): Promise<string> {
  const gateway = scene.world.gateways.find(({ child }) => child.alive && !child.paused)
  if (gateway === undefined) return 'no gateway is left to ask'
  const client = scene.client(gateway)
  try {
    await client.settle(30_000)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    client.close()
  }
}

const epochsOf = async (scene: Scene) => (await shardsOf(scene)).map(({ epoch }) => epoch)

/** By shard: where none is to be opened again, each is looked at. */
function epochWrong(before: readonly number[], after: readonly number[], { opensAgain }: Expectations): Difference[] {
  const fell = after.findIndex((epoch, shard) => epoch < (before[shard] ?? 0))
  if (fell >= 0)
    return [{ rule: 'I10', what: `the epoch of shard ${fell} fell from ${before[fell]} to ${after[fell]}` }]
  const opened = after.filter((epoch, shard) => epoch > (before[shard] ?? 0)).length
  if (opensAgain === undefined || opensAgain === opened > 0) return []
  return [{ rule: 'epoch', what: `${opened} shards were opened again (${before.join()}, ${after.join()})` }]
}
