import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import type { CatalogueCampaign } from '../../../src/campaign/carrying/catalogue.ts'
import { findActivity, rulesOf } from '../../../src/campaign/definition/rules.ts'
import { type Config, loadConfig } from '../../../src/config/config.ts'
import type { CatalogueSource } from '../../../src/http/answering/find-activity.ts'
import { signTokens } from '../../../src/http/auth/sign-token.ts'
import { createMetrics } from '../../../src/http/running/metrics.ts'
import { buildPublicApp, type PublicParts } from '../../../src/http/server/app.ts'
import { HealthCheck } from '../../../src/http/server/health.ts'
import { noBoards } from './no-boards.ts'
import { ScriptedGate } from './scripted-gate.ts'

export const SECRET = '0123456789abcdef0123456789abcdef'

/** A running campaign `launch` with the sale `phone` (session `am`) and the sale `case`, which nobody may see yet. */
export function aCampaign(): CatalogueCampaign {
  const definition = {
    id: 'launch',
    title: { en: 'New phone', 'zh-CN': '新手机' },
    timezone: 'Asia/Shanghai',
    opensAt: '2026-11-11T00:00:00+08:00',
    closesAt: '2126-11-12T00:00:00+08:00',
    limits: { unitsPerUser: 2 },
    activities: [
      {
        id: 'phone',
        kind: 'sale' as const,
        title: 'Phone',
        listPrice: 399900,
        price: 299900,
        currency: 'CNY',
        unitsPerUser: 1,
        payWithinSeconds: 900,
        sessions: [
          { id: 'am', opensAt: '2026-11-11T00:00:00+08:00', closesAt: '2126-11-11T01:00:00+08:00', stock: 1000 }
        ]
      },
      {
        id: 'case',
        kind: 'sale' as const,
        title: 'Case',
        price: 100,
        currency: 'CNY',
        visibleFrom: '2126-11-11T00:00:00+08:00',
        sessions: [{ id: 'pm', opensAt: '2126-11-11T00:00:00+08:00', closesAt: '2126-11-11T01:00:00+08:00', stock: 5 }]
      }
    ]
  }
  const flags = { paused: false, ended: false, settled: false, notice: null }
  const rules = rulesOf(definition)
  return { id: 'launch', version: 1, revision: 3, rules, definition, publishedAt: 0, seeds: new Map(), ...flags }
}

/** A catalogue that holds exactly these campaigns. */
export function aCatalogue(campaigns: CatalogueCampaign[] = [aCampaign()]): CatalogueSource {
  const get = (id: string) => campaigns.find((campaign) => campaign.id === id)
  return {
    list: () => [...campaigns],
    get,
    findActivity(id, activityId) {
      const campaign = get(id)
      const activity = campaign && findActivity(campaign.rules, activityId)
      return campaign && activity && { campaign, activity }
    },
    refresh: async () => {}
  }
}

/** The authorization header of a user. @param registeredAt Unix seconds */
export function bearer(user: string, level?: number, registeredAt?: number): string {
  const options = { secret: SECRET, issuer: 'floodgate', audience: 'floodgate-storefront', ttlSeconds: 3600 }
  return `Bearer ${
    signTokens({
      ...options,
      users: [user],
      ...(level !== undefined && { level }),
      ...(registeredAt !== undefined && { registeredAt })
    })[0]
  }`
}

/** A configuration without flood limits, as `env` changes it. */
export function aConfig(env: Record<string, string> = {}): Config {
  return loadConfig({
    TOKEN_SECRET: SECRET,
    RATE_LIMIT_USER_PER_SECOND: '0',
    RATE_LIMIT_ADDRESS_PER_SECOND: '0',
    LOG_LEVEL: 'silent',
    ...env
  })
}

export interface TestApp {
  readonly app: FastifyInstance
  readonly gate: ScriptedGate
}

/** The public app before a scripted gate; Postgres is a pool that reaches nobody unless `parts.pool` is given. */
export async function publicApp(
  t: { teardown(fn: () => Promise<void>): void },
  parts: Partial<PublicParts> & { env?: Record<string, string> } = {}
): Promise<TestApp> {
  const { env = {}, ...given } = parts
  const gate = new ScriptedGate()
  // port 1 of loopback refuses at once: Postgres is away, really
  const pool = given.pool ?? new pg.Pool({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 500 })
  const app = await buildPublicApp({
    config: aConfig(env),
    gate,
    boards: noBoards,
    catalogue: aCatalogue(),
    pool,
    logger: pino({ level: 'silent' }),
    metrics: createMetrics(),
    health: new HealthCheck({ gate, pool }),
    ...given
  })
  t.teardown(async () => {
    await app.close()
    if (given.pool === undefined) await pool.end()
  })
  return { app, gate }
}
