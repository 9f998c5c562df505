import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import tap, { type Test, test } from 'tap'
import { freePort } from '../../src/stack/servers/ports.ts'
import { SECRET } from '../support/http/http-app.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { traceEndpoint } from '../support/servers/trace-endpoint.ts'
import { startCore } from '../support/shop/core.ts'
import { waitFor } from '../support/wait.ts'

const servers = await sharedServers(tap)
const program = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

// prom-client loads the interface of OpenTelemetry, which does nothing by itself
const TOLD = `
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
process.on('exit', () => {
  const files = Object.keys(createRequire('/').cache)
  const packages = files.flatMap((file) => /@opentelemetry\\/(?!api\\/)[^/]+/.exec(file) ?? [])
  writeSync(1, '\\nLOADED ' + [...new Set(packages)].sort().join() + '\\n')
})`

/** Runs a part until it has started, and stops it. @returns the packages of OpenTelemetry that it has loaded */
async function loadedBy(
  t: Test,
  part: { name: string; started: string },
  env: Record<string, string>
): Promise<string> {
  const child = spawn(
    process.execPath,
    [`--import=data:text/javascript,${encodeURIComponent(TOLD)}`, program, part.name],
    { env: { PATH: process.env.PATH ?? '', TOKEN_SECRET: SECRET, ...env }, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }
  )
  t.teardown(() => child.kill('SIGKILL'))
  let said = ''
  // it tells its pids once it listens to signals
  let listens = false
  child.once('message', () => {
    listens = true
  })
  child.stdout?.on('data', (bytes: Buffer) => {
    said += bytes.toString()
  })
  let hasClosed = false
  child.once('close', () => {
    hasClosed = true
  })
  await waitFor(() => hasClosed || (listens && said.includes(part.started)), { what: `the ${part.name} to start` })
  child.kill('SIGTERM')
  await waitFor(() => hasClosed, { what: `the ${part.name} to end` })
  const [, packages] = /^LOADED (.*)$/m.exec(said) ?? []
  if (packages === undefined) throw new Error(`The ${part.name} said only: ${said}`)
  return packages
}

test('without an endpoint no process loads OpenTelemetry, and with one each does', async (t) => {
  const { config } = await startCore(t, servers)
  const endpoint = await traceEndpoint(t)
  const env = {
    NAMESPACE: config.NAMESPACE,
    REDIS_URL: config.REDIS_URL,
    NATS_URL: config.NATS_URL,
    DATABASE_URL: config.DATABASE_URL,
    SHARDS: String(config.SHARDS),
    PORT: String(await freePort()),
    ADMIN_PORT: String(await freePort())
  }
  const parts = [
    { name: 'gateway', started: 'the public port is open' },
    { name: 'worker', started: "the journal's store" }
  ]
  for (const part of parts) {
    t.equal(await loadedBy(t, part, env), '', part.name)
    const loaded = await loadedBy(t, part, { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.url })
    t.match(loaded, /exporter-trace-otlp-http.*sdk-trace-base/, `${part.name} with an endpoint`)
  }
})
