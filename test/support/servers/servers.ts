import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PartName, partNames } from '../../../src/stack/processes/programs.ts'
import { type Servers, startServers } from '../../../src/stack/servers/all.ts'
import { keepEvidence } from '../running/evidence-folder.ts'

/** What is needed of a test to clean up after it. */
export interface Teardown {
  teardown(fn: () => Promise<void> | void): void
  /** false once something failed */
  passing?(): boolean
}

export interface ServerUrls {
  readonly redisUrl: string
  readonly natsUrl: string
  readonly databaseUrl: string
  /** other settings of the environment */
  readonly env?: Readonly<Record<string, string>>
}

/** The variable by which the test runner names the servers that all test files share. */
export const sharedServersVariable = 'FLOODGATE_TEST_SERVERS'

/** Starts servers that belong to one test; they and their data are gone after it. Without `wanted`: all three. */
export async function privateServers(t: Teardown, wanted?: Partial<Record<PartName, boolean>>): Promise<Servers> {
  const folder = temporaryFolder(t)
  const parts = partNames.filter((part) => wanted === undefined || wanted[part] === true)
  const servers = await startServers({ folder, parts, fsync: false, endWithLauncher: true })
  t.teardown(() => servers.stop(2000))
  return servers
}

/**
 * The servers that the test runner started for all files; without a runner (one file run by hand) own ones, stopped
 * after the test. Use a fresh NAMESPACE in them, and never stop, wipe or configure them.
 */
export async function sharedServers(t: Teardown): Promise<ServerUrls> {
  const given = process.env[sharedServersVariable]
  if (given !== undefined && given !== '') return JSON.parse(given) as ServerUrls
  return urlsOf(await privateServers(t))
}

/** The addresses of all three servers. */
export function urlsOf({ redis, nats, postgres }: Servers): ServerUrls {
  return { redisUrl: redis.url, natsUrl: nats.url, databaseUrl: postgres.url }
}

/** Settings of a deployment with so many shards. */
export function shardsEnv(count: number): Record<string, string> {
  return count === 1 ? {} : { SHARDS: String(count) }
}

/** How many shards the whole stacks of tests have: FLOODGATE_TEST_SHARDS, for files that several make sense for. */
export const testShards = Number(process.env.FLOODGATE_TEST_SHARDS ?? 1)

/** A NAMESPACE that no other test uses. */
export function freshNamespace(): string {
  return `t${randomBytes(6).toString('hex')}`
}

/** A new empty folder that is removed after the test, by the last teardown; of a test that failed its logs are kept. */
export function temporaryFolder(t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-test-'))
  t.teardown(() => {
    if (t.passing?.() === false) keepEvidence(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return folder
}
