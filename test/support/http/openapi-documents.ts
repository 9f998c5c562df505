import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { loadConfig } from '../../../src/config/config.ts'
import type { Gate } from '../../../src/gate/gate.ts'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { buildAdminApp } from '../../../src/http/server/admin-app.ts'
import { buildPublicApp } from '../../../src/http/server/app.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { noBoards } from './no-boards.ts'
import type { OpenApiDocument } from './openapi-types.ts'

const unused = async (): Promise<never> => {
  throw new Error('a document is read without asking the gate')
}

// Not a stand-in for a gate: the documents come from the routes' schemas, and nothing here may be called.
const noGate: Gate = {
  numbers: [0],
  submit: unused,
  foresee: unused,
  isBusy: () => false,
  ordersOf: unused,
  winsOf: unused,
  orderOf: unused,
  winOf: unused,
  unstoredUnder: unused,
  fieldsOf: unused,
  unstoredOf: unused,
  lookup: unused,
  read: unused,
  ownerOf: unused,
  look: unused,
  writeFact: unused,
  depths: unused,
  health: () => ({ gate: 'closed', journal: 'closed', conditions: {} }),
  ready: () => new Promise(() => {}),
  close: async () => {}
}

function parts() {
  const pool = new pg.Pool()
  return {
    config: loadConfig({ TOKEN_SECRET: 'a secret of thirty-two characters' }),
    gate: noGate,
    boards: noBoards,
    catalogue: {
      list: () => [],
      get: () => undefined,
      findActivity: () => undefined,
      refresh: async () => {}
    },
    pool,
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    health: new HealthCheck({ gate: noGate, pool })
  }
}

const builders = {
  public: (): Promise<FastifyInstance> => buildPublicApp(parts()),
  admin: (): Promise<FastifyInstance> => buildAdminApp({ ...parts(), metricsText: async () => '' })
}

export type Port = keyof typeof builders

export const ports = Object.keys(builders) as readonly Port[]

/** The OpenAPI document of a port, without any server. @throws Error when it cannot be made */
export async function documentOf(port: Port): Promise<OpenApiDocument> {
  const app = await builders[port]()
  try {
    const answer = await app.inject({ url: '/openapi.json' })
    if (answer.statusCode !== 200) throw new Error(`/openapi.json of the ${port} port is ${answer.statusCode}`)
    return answer.json()
  } finally {
    await app.close()
  }
}
