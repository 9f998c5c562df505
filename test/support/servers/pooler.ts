import { spawn } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findExecutable } from '../../../src/stack/processes/programs.ts'
import { freePort } from '../../../src/stack/servers/ports.ts'
import { waitFor } from '../wait.ts'
import { type Teardown, temporaryFolder } from './servers.ts'

/** Why there is no pooler to test with; false when there is one. */
export const noPooler: string | false =
  pgbouncer() === undefined ? 'pgbouncer is not installed (apt-get install pgbouncer)' : false

function pgbouncer(): string | undefined {
  return findExecutable('pgbouncer') ?? findExecutable('pgbouncer', ['/usr/sbin'])
}

interface PoolerOptions {
  readonly databaseUrl: string
  readonly mode: 'session' | 'transaction' | 'statement'
  /** start-up parameters that are ignored; other unknown ones are refused */
  readonly ignore?: string
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Puts a pgbouncer before a Postgres, stopped after the test. @returns its address for the same database */
export async function startPooler(t: Teardown, { databaseUrl, mode, ignore = '' }: PoolerOptions): Promise<string> {
  const url = new URL(databaseUrl)
  const port = await freePort()
  const folder = temporaryFolder(t)
  const file = join(folder, 'pgbouncer.ini')
  const database = url.pathname.slice(1)
  const login = `user=${decodeURIComponent(url.username)} password=${decodeURIComponent(url.password)}`
  const lines = [
    '[databases]',
    `${database} = host=${url.hostname} port=${url.port} dbname=${database} ${login}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${mode}`,
    'default_pool_size = 60',
    'max_client_conn = 200',
    ...(ignore === '' ? [] : [`ignore_startup_parameters = ${ignore}`])
  ]
  writeFileSync(file, lines.join('\n'))
  // started as root it runs as another user, who must be able to read its file
  chmodSync(folder, 0o755)
  chmodSync(file, 0o644)
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(pgbouncer() ?? '', [...user, file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      said += part.toString()
    })
  }
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await waitFor(() => listens(port), { deadlineMs: 240_000, what: 'pgbouncer to listen' }).catch((error: Error) => {
    throw new Error(`${error.message}\n${said}`)
  })
  url.host = `127.0.0.1:${port}`
  return url.href
}
