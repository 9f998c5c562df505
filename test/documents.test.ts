import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { test } from 'tap'
import { loadConfig } from '../src/config/config.ts'
import type { Gate } from '../src/gate/gate.ts'
import { buildPublicApp } from '../src/http/app.ts'
import { HealthCheck } from '../src/http/health.ts'
import { createMetrics } from '../src/http/metrics.ts'

const unused = async (): Promise<never> => {
  throw new Error('a document is read without asking the gate')
}

// Not a stand-in for a gate: the documents come from the routes' schemas, and nothing here may be called.
const noGate: Gate = {
  submit: unused,
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
  depths: unused,
  health: () => ({ gate: 'closed', journal: 'closed', conditions: {} }),
  ready: () => new Promise(() => {}),
  close: async () => {}
}

test('the published OpenAPI document passes its linter', async (t) => {
  const pool = new pg.Pool()
  const app = await buildPublicApp({
    config: loadConfig({ TOKEN_SECRET: 'a secret of thirty-two characters' }),
    gate: noGate,
    catalogue: {
      list: () => [],
      get: () => undefined,
      findSale: () => undefined,
      findActivity: () => undefined,
      refresh: async () => {}
    },
    pool,
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    health: new HealthCheck({ gate: noGate, pool })
  })
  t.teardown(() => app.close())
  const answer = await app.inject({ url: '/openapi.json' })
  t.equal(answer.statusCode, 200)
  const file = join(t.testdir(), 'openapi.json')
  writeFileSync(file, JSON.stringify(answer.json(), null, 2))

  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/redocly',
    ['lint', '--config=.config/redocly.yaml', '--format=stylish', file],
    { encoding: 'utf8', timeout: 60_000, env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } }
  )
  const objections = `${stdout}${stderr}`.split('\n').filter((line) => / error /.test(line))
  t.strictSame(objections, [])
  t.equal(status, 0, 'the linter ran and is content')
})
