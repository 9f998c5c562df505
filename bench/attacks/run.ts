import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { startLoad } from '../load/load-client.ts'
import { UsageError } from '../options.ts'
import { createStops, type Stops } from '../running/stops.ts'
import { publishSale } from '../stack/admin.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import { tokensOf } from '../stack/tokens.ts'
import { type Attack, attacks, type Prepared, readers, type Target } from './attacks.ts'
import { type Client, startClient } from './client.ts'
import { footprintOf } from './footprint.ts'
import type { LoopJob, LoopResult } from './jobs.ts'
import { type AttackOptions, readAttackOptions, usage } from './options.ts'
import { judge, type Pair, type Verdict } from './verdict.ts'

const INTERRUPTED = 130
const SALE = 'attacked'
const STOCK = 50_000_000
const PLENTY = 100_000
const USERS = 5_000
const CONNECTIONS = 32
const CAPACITY_SECONDS = 5
const AFTER_MS = 10_000
const buyPath = `/v1/campaigns/${SALE}/sales/phone/orders`

interface Scene {
  readonly stack: Stack
  readonly target: Target
  readonly crowd: Client
  readonly attacker: Client
  /** buys a second: a third of what the stack confirms when it is asked for more than that */
  readonly perSecond: number
}

/** How many buys are confirmed a second when clients ask as fast as they can. */
async function capacityOf(stack: Stack): Promise<number> {
  const { publicUrl, tokenSecret } = stack.file()
  const load = await startLoad({ secret: tokenSecret, users: USERS })
  try {
    const job = { account: SALE, url: publicUrl, path: buyPath, body: '{"quantity":1}', expectedStatus: 201 }
    await load.load({ ...job, connections: CONNECTIONS, seconds: 2 })
    const { answered, startedAt, endedAt } = await load.load({
      ...job,
      connections: CONNECTIONS,
      seconds: CAPACITY_SECONDS
    })
    return (answered / (endedAt - startedAt)) * 1000
  } finally {
    await load.stop()
  }
}

async function setScene({ seconds, pairs }: AttackOptions, stops: Stops): Promise<Scene> {
  // limits for users off: the attacks state their rates, which are within the usual limits, and their preparation is no attack
  const stack = await stops.after(startStack(undefined, { RATE_LIMIT_ADDRESS_PER_SECOND: '50' }), (running) =>
    running.stop()
  )
  const file = stack.file()
  const database = new pg.Pool({ connectionString: file.databaseUrl, max: 1 })
  await stops.after(Promise.resolve(database), (running) => running.end())
  const crowd = await stops.after(Promise.resolve(startClient()), (running) => running.stop())
  const attacker = await stops.after(Promise.resolve(startClient()), (running) => running.stop())
  await publishSale(file, { campaign: SALE, stock: STOCK, unitsPerUser: PLENTY })
  const capacity = await capacityOf(stack)
  const target = { file, database, sale: SALE, runs: pairs * 2, seconds }
  return { stack, target, crowd, attacker, perSecond: capacity / 3 }
}

function buys({ target, perSecond }: Scene, keys: string): LoopJob {
  return {
    name: 'buys',
    url: target.file.publicUrl,
    perSecond,
    method: 'POST',
    paths: [buyPath],
    bodies: ['{"quantity":1}'],
    tokens: tokensOf({ secret: target.file.tokenSecret, users: USERS }),
    keys,
    expected: 201,
    inTimeMs: 1000,
    giveUpMs: 10_000
  }
}

interface Run {
  readonly buys: LoopResult
  readonly bystander: LoopResult
}

/** One run of the sale, with the attack beside it or without. */
async function runSale(
  scene: Scene,
  prepared: Prepared,
  { name, number, attacked }: { name: string; number: number; attacked: boolean }
): Promise<Run> {
  const { target, crowd, attacker } = scene
  const { seconds } = target
  const bystander = prepared.bystander?.(number) ?? readers(target)
  const honest = { ...bystander, keys: `${bystander.keys}-${number}` }
  const sale = crowd.run({ seconds, loops: [buys(scene, `attacked-${name}-${number}`), honest], pipelines: [] })
  const loops = prepared.loops.map((loop) => ({ ...loop, keys: `${loop.keys}-${number}` }))
  const attack = attacked ? attacker.run({ seconds, loops, pipelines: prepared.pipelines }) : undefined
  const results = await sale
  const answered = (await attack)?.get('attack')
  if (answered !== undefined) console.log(`    the attacker was answered ${JSON.stringify(answered.statuses)}`)
  return { buys: results.get('buys') as LoopResult, bystander: results.get('bystander') as LoopResult }
}

function line(word: string, { buys: sale, bystander }: Run): string {
  const share = (result: LoopResult) => `${((100 * result.inTime) / Math.max(1, result.sent)).toFixed(2)} %`
  return (
    `    ${word.padEnd(9)} ${sale.sent} buys, ${share(sale)} confirmed in time, p50 ${sale.p50.toFixed(1)} ms, ` +
    `p99 ${sale.p99.toFixed(1)} ms; others ${share(bystander)} in time, p99 ${bystander.p99.toFixed(1)} ms`
  )
}

async function runPair(
  scene: Scene,
  prepared: Prepared,
  { name, pair }: { name: string; pair: number }
): Promise<Pair> {
  const gateways = (): readonly number[] => scene.stack.file().pids.gateway
  const calm = await runSale(scene, prepared, { name, number: pair * 2, attacked: false })
  console.log(line('calm', calm))
  const before = footprintOf(gateways())
  const attacked = await runSale(scene, prepared, { name, number: pair * 2 + 1, attacked: true })
  console.log(line('attacked', attacked))
  await wait(AFTER_MS)
  const after = footprintOf(gateways())
  return { calm: calm.buys, attacked: attacked.buys, before, after }
}

function told({ share, calmP99, attackedP99, descriptors, memory, broken }: Verdict): string {
  const figures =
    `${(share * 100).toFixed(2)} % confirmed in time, p99 ${attackedP99.toFixed(1)} ms (calm ${calmP99.toFixed(1)} ms), ` +
    `10 s later ${descriptors} descriptors and ${memory.toFixed(1)} MB more`
  return [figures, ...broken.map((sentence) => `not true: ${sentence}`)].map((text) => `    ${text}`).join('\n')
}

async function carryOut(scene: Scene, attack: Attack, pairs: number): Promise<boolean> {
  console.log(`${attack.id}  ${attack.title}`)
  const prepared = await attack.prepare(scene.target)
  const results: Pair[] = []
  for (let pair = 0; pair < pairs; pair += 1) results.push(await runPair(scene, prepared, { name: attack.id, pair }))
  const verdict = judge(results)
  console.log(told(verdict))
  return verdict.broken.length === 0
}

/** @returns the exit code: 0 when every attack left the others in peace */
async function bench(options: AttackOptions): Promise<number> {
  console.log('Starting the stack ...')
  const stops = createStops()
  const stopEarly = (): void => {
    void stops.all().then(() => process.exit(INTERRUPTED))
  }
  process.once('SIGINT', stopEarly).once('SIGTERM', stopEarly)
  try {
    const scene = await setScene(options, stops)
    console.log(`The sale beside the attacks: ${Math.round(scene.perSecond)} buys a second, a third of what it can do.`)
    let held = true
    for (const attack of attacks.filter(({ id }) => options.only.includes(id))) {
      const holds = await carryOut(scene, attack, options.pairs)
      held = held && holds
    }
    console.log(held ? 'All attacks left the others in peace.' : 'Not all attacks left the others in peace.')
    return held ? 0 : 1
  } finally {
    await stops.all()
  }
}

try {
  const options = readAttackOptions(process.argv.slice(2))
  if (options === 'help') console.log(usage)
  else process.exitCode = await bench(options)
} catch (error) {
  console.error(
    error instanceof UsageError ? `${error.message}\n\n${usage}` : `The attacks stopped: ${(error as Error).message}`
  )
  process.exitCode = 1
}
