import type { Movement } from '../../../src/store/reading/ledger.ts'
import { Lots } from '../../support/judging/lots.ts'
import type { Difference } from '../../support/judging/promise.ts'
import { openSession, saleDefinition } from '../../support/shop/sale.ts'
import { waitFor } from '../../support/wait.ts'
import { balancesWrong } from '../judge/taken-part.ts'
import { BrokenError, type Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { killGateway } from '../soak/faults.ts'
import { soakAlarms } from '../soak/soak-world.ts'
import { publish } from '../world/requests.ts'
import { lasting } from './tools.ts'

const mall = 'mall'
const fading = 'fading'
const users = Array.from({ length: 12 }, (_, number) => `keeper-${number}`)
const SPENDINGS = 16
/** Time to earn what expires; who comes later has none of it. */
const EARNING_MS = 20_000
const PATIENT = { deadlineMs: 240_000, everyMs: 100 }
const servers = ['redis', 'nats', 'postgres'] as const

/** Gives points of the account. @param points with the moment at which they expire, in one of the two */
function definition(id: string, points: object, { reward, closesAt }: { reward: number; closesAt: number }) {
  const base = saleDefinition({ id, closesAt, sales: { other: { sessions: [openSession(1)] } } })
  const activities = [
    { id: 'visit', kind: 'task', title: 'Visit', per: 'campaign', reward: { points: reward } },
    { id: 'cup', kind: 'redemption', title: 'Cup', cost: { points: 1 }, stock: 4 * users.length * SPENDINGS }
  ]
  return { ...base, ...{ units: { points: { scope: 'account', ...points } }, activities } }
}

interface Told {
  /** spendings that users were told of, by key */
  readonly spent: Set<string>
}

const told = new WeakMap<Scene, Told>()

interface Wish {
  readonly user: string
  readonly path: string
  readonly key: string
  readonly body?: object
}

/** Asks until the answer is definite. @returns whether it was done */
async function isDone({ world }: Scene, { user, path, key, body = {} }: Wish): Promise<boolean> {
  let status = 0
  const isDefinite = async () => {
    const gateway = world.gateways.find(({ child }) => child.alive)
    if (gateway === undefined) return false
    status = (await world.ask(user, { method: 'POST', path: `/v1/campaigns/${path}`, body, key }, gateway)).status
    return [200, 201, 403, 409, 410].includes(status)
  }
  await waitFor(isDefinite, PATIENT).catch(() => {
    throw new BrokenError('I7', `${user} never got a definite answer to ${path}, the last one was ${status}`)
  })
  return status < 300
}

const visit = (scene: Scene, campaign: string, user: string) =>
  isDone(scene, { user, path: `${campaign}/tasks/visit/completions`, key: `${campaign}-of-${user}` })

/** One point after the other, while they expire. */
async function spend(scene: Scene, user: string, { spent }: Told): Promise<void> {
  const path = `${mall}/redemptions/cup/claims`
  for (let nth = 0; nth < SPENDINGS; nth += 1) {
    const key = `cup-${nth}-of-${user}`
    if (await isDone(scene, { user, path, key, body: { quantity: 1 } })) spent.add(key)
    await lasting(scene.between(20, 400))
  }
}

/** Points expire while their users spend them, and each part dies once: the worker before the gate is asked and after it has decided. */
async function killEachPart(scene: Scene): Promise<string> {
  const { world, seed } = scene
  const closesAt = Date.now() + EARNING_MS
  const expiresAt = closesAt + 1000
  await publish(world, definition(fading, { expiresAt: new Date(expiresAt).toISOString() }, { reward: 40, closesAt }))
  await publish(world, definition(mall, {}, { reward: 20, closesAt: Date.now() + 7_200_000 }))
  const inTime = await Promise.all(users.map((user) => visit(scene, fading, user)))
  const earned = inTime.filter((isIt) => isIt).length
  if (earned === 0) throw new Error('nobody earned anything before the campaign was over')
  await Promise.all(users.map((user) => visit(scene, mall, user)))
  // the first ones just before the moment, the last ones when it is over
  const isNear = () => Date.now() > expiresAt - 500
  await waitFor(isNear, { deadlineMs: 2 * EARNING_MS, what: 'the moment at which points expire' })
  const noted: Told = { spent: new Set() }
  told.set(scene, noted)
  const spending = Promise.all(users.map((user) => spend(scene, user, noted)))
  // each failure is told by the step that waits for it
  spending.catch(() => {})
  const proof = [await world.worker(0).hit('D1')]
  scene.struck()
  const ground = {
    world,
    between: (from: number, to: number) => scene.between(from, to),
    updateGateways: () => scene.updateGateways()
  }
  for (const [index] of servers.entries()) {
    const server = world.lane.server(servers[(seed + index) % servers.length] ?? 'redis')
    await server.kill()
    await lasting(scene.between(0, 1500))
    await server.restart()
    proof.push(`${server.part} killed`)
    if (index === 0) {
      const next = await world.startWorker('D2:kill:1')
      // one that cannot reach a server at its start ends, and here nobody starts it again
      const isThere = () => next.printed('this worker owns the shard') > 0
      await waitFor(isThere, { deadlineMs: 60_000, what: 'the second worker to own the shard' })
    }
    if (index === 1) proof.push(await killGateway(ground))
  }
  proof.push(await world.worker(1).hit('D2'))
  await world.worker(1).end()
  await world.startWorker()
  scene.healed()
  await spending
  const isOver = async () =>
    (await world.pool.query(`select from jobs where kind = 'expiry' and state = 'done'`)).rowCount === 1
  await waitFor(() => isOver().catch(() => false), { ...PATIENT, what: 'all of it to expire' })
  return `${earned} earned what expires, ${noted.spent.size} spendings were told; ${proof.join('; ')}`
}

interface LedgerRow extends Movement {
  readonly user: string
  readonly id: string
  readonly type: string
}

/** What one user earned was spent, or expired, or is left: each point once. */
function lotsWrong(user: string, rows: readonly LedgerRow[], balance: number): Difference[] {
  const found: Difference[] = []
  const lots = new Lots()
  for (const row of rows) {
    const left = lots.leftOf(fading, Number.POSITIVE_INFINITY)
    const missing = lots.add(row)
    if (missing > 0) found.push({ rule: 'I8', what: `${row.id} of ${user} takes ${missing} points that are not there` })
    if (row.isTakenBack && -row.delta !== left) {
      found.push({ rule: 'I8', what: `${row.id} takes ${-row.delta} of ${user} as expired, and ${left} were left` })
    }
  }
  const expired = rows.filter(({ isTakenBack }) => isTakenBack).length
  if (expired > 1) found.push({ rule: 'I2', what: `points of ${user} expired ${expired} times` })
  const left = lots.leftOf(fading, Number.POSITIVE_INFINITY)
  if (left > 0) found.push({ rule: 'I5', what: `${left} points of ${user} have expired and are still there` })
  const sum = left + lots.leftOf(mall, Number.POSITIVE_INFINITY)
  if (sum !== balance) found.push({ rule: 'I8', what: `${user} has ${balance} points, and ${sum} are left of all` })
  return found
}

async function pointsWrong(scene: Scene): Promise<readonly Difference[]> {
  const { pool } = scene.world
  const { rows } = await pool.query<LedgerRow>(
    `select l.user_id as user, concat_ws('-', l.shard, l.epoch, l.sequence) as id, l.type, l.campaign_id as campaign, l.delta,
       l.type = 'balance.expired' as "isTakenBack", (extract(epoch from l.at) * 1000)::float8 as at
     from ledger l where l.unit = 'points' order by l.epoch, l.sequence`
  )
  const balances = await pool.query<{ user: string; balance: number }>(
    `select user_id as user, balance::float8 from balances where unit = 'points'`
  )
  const found = balances.rows.flatMap(({ user, balance }) =>
    lotsWrong(
      user,
      rows.filter((row) => row.user === user),
      balance
    )
  )
  if (!rows.some(({ isTakenBack }) => isTakenBack)) found.push({ rule: 'strike', what: 'nothing expired' })
  const claims = await pool.query<{ key: string }>(
    `select regexp_replace(key, '^u:', '') as key from decisions where type = 'claim.accepted'`
  )
  const stored = new Set(claims.rows.map(({ key }) => key))
  const { spent = new Set<string>() } = told.get(scene) ?? {}
  for (const key of spent) if (!stored.has(key)) found.push({ rule: 'I1', what: `${key} was told and is not stored` })
  for (const key of stored) if (!spent.has(key)) found.push({ rule: 'I7', what: `${key} is stored and was not told` })
  return [...found, ...(await balancesWrong(scene.world))]
}

export const expiringPointRows: readonly Row[] = [
  {
    id: 'F58',
    title:
      'Points expire while they are spent, and each part is killed: every point is spent, or expired, or left, once.',
    sale: { buyers: 0 },
    world: { workerFails: 'D1:kill:1' },
    expects: { unsold: true, mayAlarm: [...soakAlarms, 'LOAN_OPEN', 'RECOVERY_WAITS'] },
    strike: killEachPart,
    judge: pointsWrong
  }
]
