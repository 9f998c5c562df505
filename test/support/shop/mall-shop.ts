import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { pino } from 'pino'
import { Catalogue } from '../../../src/campaign/carrying/catalogue.ts'
import type { Config } from '../../../src/config/config.ts'
import { createBoardReader } from '../../../src/gate/boards/board-reader.ts'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { SignalCounts } from '../../../src/http/running/signals.ts'
import { buildAdminApp } from '../../../src/http/server/admin-app.ts'
import { buildPublicApp } from '../../../src/http/server/app.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { SignalTotals } from '../../../src/http/watching/signal-totals.ts'
import { poll } from '../../../src/stack/processes/wait.ts'
import { ensureOperator } from '../../../src/store/operators/operators.ts'
import { aConfig, bearer } from '../http/http-app.ts'
import { sharedServers, type Teardown } from '../servers/servers.ts'
import { startCore } from './core.ts'
import type { Shop } from './shop.ts'

interface Asked {
  readonly body?: unknown
  readonly key?: string
  readonly type?: string
  /** of the user's token, Unix seconds */
  readonly registeredAt?: number
  /** what the activity requires, for this key */
  readonly ticket?: string
}

/** An answer as tests look at it. */
export type Answer = Awaited<ReturnType<typeof send>>

/** Gate, worker, public and admin app of one namespace on real servers. */
export interface MallShop {
  readonly pool: pg.Pool
  /** the admin port, for those who want it to listen */
  readonly adminApp: FastifyInstance
  /** the public port, likewise */
  readonly publicApp: FastifyInstance
  readonly config: Config
  /** asks the public app as a user, `ask('alice', 'POST /v1/...', {...})`, again under the same key while nothing is definite */
  ask(user: string, request: string, asked?: Asked): Promise<Answer>
  /**
   * whatever this gateway decides while something is asked is not published, as when its message is lost: the relay does it a second later,
   * after what is decided next
   */
  unpublished<T>(ask: () => Promise<T>): Promise<T>
  /** asks the public app once, unpublished */
  askLate: MallShop['ask']
  /** asks the admin app as an operator, again while it is unavailable; every change has a key of its own unless one is given */
  admin(operator: string, request: string, asked?: Asked): Promise<Answer>
  publish(definition: { readonly id: string }): Promise<void>
  /** what the public app counts; it tells only when it is asked to, and what it tells is kept here */
  readonly signals: SignalCounts
  readonly toldSignals: string[]
  /**
   * Plays a scene, with the next number each time, until nothing in it had to be asked again, so that what it lets the public app
   * count is known; what was counted of the others is forgotten, unless a scene told it.
   */
  inOneGo<Scene>(play: (nth: number) => Promise<Scene>): Promise<Scene>
  readonly natsUrl: string
  /** for their clocks */
  readonly shards: Shop['shards']
  /** stops the worker, until it is started again */
  stopWorker(): Promise<void>
  startWorker(): void
}

let count = 0
const newKey = () => `key-number-${count++}`

async function send(app: FastifyInstance, request: string, asked: Asked & { authorization: string }) {
  const [method = 'GET', url = ''] = request.split(' ')
  const { authorization, body, type = 'application/json', key = newKey(), ticket } = asked
  const reply = await app.inject({
    method: method as 'GET',
    url,
    headers: {
      authorization,
      ...(method !== 'GET' && { 'idempotency-key': key }),
      ...(ticket !== undefined && { 'floodgate-ticket': ticket }),
      ...(body !== undefined && { 'content-type': type })
    },
    ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) })
  })
  return { status: reply.statusCode, body: reply.json(), headers: reply.headers }
}

const operators = {
  ada: { role: 'admin' },
  ben: { role: 'admin' },
  olga: { role: 'operator' },
  vera: { role: 'viewer' },
  counter: { role: 'service', scopes: ['tasks:progress', 'games:results', 'users:registration', 'shares:verification'] }
} as const

/** How long a user asks again, under the same key. */
const PATIENT_MS = 60_000
const INDEFINITE: readonly number[] = [202, 503]
const GOES_MAX = 50
/** requests that were sent again, in this process */
let repeats = 0

/** Has a gateway publish nothing while something is asked. */
async function withoutPublishing<T>(shards: Shop['shards'], ask: () => Promise<T>): Promise<T> {
  const confirmers = shards.map(({ confirmer }) => ({ confirmer, confirm: confirmer.confirm }))
  for (const { confirmer } of confirmers) confirmer.confirm = async () => false
  try {
    return await ask()
  } finally {
    for (const { confirmer, confirm } of confirmers) confirmer.confirm = confirm
  }
}

async function sendAgain(
  app: FastifyInstance,
  request: string,
  { indefinite = INDEFINITE, ...asked }: Parameters<typeof send>[2] & { readonly indefinite?: readonly number[] }
): Promise<Answer> {
  const same = { ...asked, key: asked.key ?? newKey() }
  let answer = await send(app, request, same)
  const isDefinite = async () => {
    if (!indefinite.includes(answer.status)) return true
    repeats += 1
    answer = await send(app, request, same)
    return !indefinite.includes(answer.status)
  }
  await poll(isDefinite, PATIENT_MS, 100)
  return answer
}

const inOneGo = ({ signals, toldSignals }: Pick<MallShop, 'signals' | 'toldSignals'>): MallShop['inOneGo'] =>
  async function inOneGo(play) {
    for (let nth = 0; nth < GOES_MAX; nth += 1) {
      const before = repeats
      const scene = await play(nth)
      if (repeats === before) return scene
      signals.tell()
      toldSignals.length = 0
    }
    throw new Error(`In each of ${GOES_MAX} scenes something had to be asked again`)
  }

/** @param env of the worker and the gate */
export async function startMallShop(t: Teardown, env: Readonly<Record<string, string>> = {}): Promise<MallShop> {
  const urls = await sharedServers(t)
  const core = await startCore(t, { ...urls, env: { ...urls.env, ...env } })
  const { pool } = core
  let stopWorker = core.worker()
  const { gate, shards } = await core.gateway()
  await gate.ready()
  const catalogue = new Catalogue({ pool, refreshMs: 50 })
  await catalogue.start()
  for (const [name, operator] of Object.entries(operators)) {
    await ensureOperator(pool, { name, token: `token-of-${name}`, ...operator })
  }
  const boards = createBoardReader(core.config, 'floodgate-test')
  const parts = {
    config: { ...aConfig({ DEMO_SHOP: '1' }), NAMESPACE: core.config.NAMESPACE },
    gate,
    boards,
    catalogue,
    pool,
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    health: new HealthCheck({ gate, pool })
  }
  const toldSignals: string[] = []
  const signalTotals = new SignalTotals({ pool })
  const signals = new SignalCounts((text) => {
    toldSignals.push(text)
    signalTotals.take(text)
    return true
  })
  const publicApp = await buildPublicApp({ ...parts, signals })
  const adminApp = await buildAdminApp({ ...parts, signalTotals, carryMs: 20_000, metricsText: async () => '' })
  t.teardown(async () => {
    catalogue.stop()
    boards.close()
    await publicApp.close()
    await adminApp.close()
  })
  const admin: MallShop['admin'] = (operator, request, asked = {}) =>
    sendAgain(adminApp, request, { ...asked, authorization: `Bearer token-of-${operator}`, indefinite: [503] })
  const tokenOf = (user: string, { registeredAt }: Asked) => bearer(user, undefined, registeredAt)
  return {
    pool,
    adminApp,
    publicApp,
    config: parts.config,
    signals,
    toldSignals,
    inOneGo: inOneGo({ signals, toldSignals }),
    natsUrl: core.config.NATS_URL,
    shards,
    stopWorker: () => stopWorker(),
    startWorker: () => {
      stopWorker = core.worker()
    },
    admin,
    ask: (user, request, asked = {}) =>
      sendAgain(publicApp, request, { ...asked, authorization: tokenOf(user, asked) }),
    unpublished: (ask) => withoutPublishing(shards, ask),
    askLate: (user, request, asked = {}) =>
      withoutPublishing(shards, () => send(publicApp, request, { ...asked, authorization: tokenOf(user, asked) })),
    async publish(definition) {
      const path = `/admin/v1/campaigns/${definition.id}`
      const saved = await admin('ada', `PUT ${path}`, { body: definition })
      const { version } = saved.body
      const steps = [
        saved,
        await admin('ada', `POST ${path}/submission`, { body: { version } }),
        await admin('ben', `POST ${path}/approval`, { body: { version } }),
        await admin('ben', `POST ${path}/publication`, { body: { version } })
      ]
      const failed = steps.find(({ status }) => status >= 300)
      if (failed !== undefined) throw new Error(JSON.stringify(failed.body))
    }
  }
}
