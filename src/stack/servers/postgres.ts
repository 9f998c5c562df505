import { type ExecFileException, execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { CommandError, systemCodeOf } from '../../base/errors.ts'
import { fileError } from '../errors.ts'
import { endingWithLauncher, isZombie } from '../processes/processes.ts'
import { findExecutable, findPostgresOf, type Program, versionOf } from '../processes/programs.ts'
import type { ServerFiles, ServerSpec } from './server.ts'

interface PostgresOptions {
  /** the newest one that was found */
  readonly program: Program
  readonly endWithLauncher: boolean
  /** false: a killed machine may lose data; for tests */
  readonly fsync: boolean
}

/**
 * A private Postgres on TCP only: the path of a Unix socket could be too long in some data folders. The superuser is
 * `floodgate`; its password is made once and kept beside the data.
 * @throws CommandError when the folder holds other files, or data of a version that is not installed
 */
export async function postgresSpec({ folder, logFile }: ServerFiles, options: PostgresOptions): Promise<ServerSpec> {
  const program = await programFor(options.program, folder)
  const passwordFile = `${folder}.password`
  const identity = serverIdentity()
  if (!existsSync(join(folder, 'PG_VERSION'))) await initialise(program, folder, identity)
  const password = readPassword(passwordFile, folder)
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '128MB',
    max_connections: '200',
    synchronous_commit: 'on',
    fsync: options.fsync ? 'on' : 'off',
    timezone: 'UTC',
    log_timezone: 'UTC'
  }
  const url = (port: number): string => `postgres://floodgate:${password}@127.0.0.1:${port}/floodgate`
  return {
    part: 'postgres',
    version: program.version,
    folder,
    logFile,
    // fast shutdown: SIGTERM would wait for every client to leave
    stopSignal: 'SIGINT',
    prepare: () => removeLockOfZombie(folder),
    program: (port) => {
      const set = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
        '-c',
        `${name}=${value}`
      ])
      const own = ['-D', folder, ...set]
      // setpriv runs after the change of user, because that change clears the signal that it asked for
      const [server, given] = options.endWithLauncher ? endingWithLauncher(program.file, own) : [program.file, own]
      const [file, args] = identity.wrap(server, given)
      return { file, args, env: cleanEnvironment() }
    },
    url,
    answers: (port) => answers(url(port), folder)
  }
}

/** Postgres refuses to run as root, so it then gets another user, who can still pass root's own folders. */
interface Identity {
  /** the owner of the data; undefined: the user of this process */
  readonly user?: { readonly name: string; readonly uid: number; readonly gid: number }
  wrap(file: string, args: readonly string[]): [file: string, args: readonly string[]]
}

function serverIdentity(): Identity {
  if (process.getuid?.() !== 0) return { wrap: (file, args) => [file, args] }
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const entry = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  const setpriv = findExecutable('setpriv')
  if (entry === undefined || setpriv === undefined) {
    throw new CommandError(
      `Postgres does not run as root, and ${setpriv === undefined ? 'setpriv' : 'a user postgres'} is missing.`,
      'As root the stack runs Postgres as the user that its Debian package creates.',
      'Install Postgres from its Debian package (and util-linux), or start as a normal user.'
    )
  }
  const [name = '', , uid = '', gid = ''] = entry
  const capabilities = ['--clear-groups', '--inh-caps=+dac_override', '--ambient-caps=+dac_override']
  return {
    user: { name, uid: Number(uid), gid: Number(gid) },
    wrap: (file, args) => [setpriv, [`--reuid=${uid}`, `--regid=${gid}`, ...capabilities, file, ...args]]
  }
}

/** The program that can open the folder: the found one, or an older one that is installed too. */
async function programFor(found: Program, folder: string): Promise<Program> {
  const versionFile = join(folder, 'PG_VERSION')
  if (!existsSync(versionFile)) {
    if (existsSync(folder) && readdirSync(folder).length > 0) throw foreignFolder(folder)
    return found
  }
  const major = readFileSync(versionFile, 'utf8').trim()
  if (major === found.version.split('.')[0]) return found
  const file = findPostgresOf(Number(major))
  if (file !== undefined) return { file, version: await versionOf(file) }
  throw new CommandError(
    `${folder} was made by Postgres ${major}; installed is ${found.version}.`,
    'Postgres does not open the data of another major version. Nothing was changed.',
    `Install Postgres ${major} beside it, or move the folder away to start with an empty database.`
  )
}

function foreignFolder(folder: string): CommandError {
  return new CommandError(
    `${folder} is not empty and not a Postgres data folder.`,
    'It belongs to something else, or is damaged. Nothing was changed in it.',
    'Move it away, or set FLOODGATE_HOME to another folder, and start again.'
  )
}

function readPassword(file: string, folder: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw fileError(error, file)
    throw new CommandError(
      `${file} is missing.`,
      `It holds the password of the database in ${folder}, which cannot be opened without it.`,
      'Put it back, or move the data folder away to start with an empty database.'
    )
  }
}

/**
 * Makes the data folder with its database under another name, and renames it when it is complete: an interrupted start
 * leaves nothing that looks like data.
 */
async function initialise(program: Program, folder: string, identity: Identity): Promise<void> {
  const draft = `${folder}.new`
  const passwordFile = `${folder}.password`
  try {
    rmSync(draft, { recursive: true, force: true })
    mkdirSync(draft, { mode: 0o700 })
    writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
    if (identity.user !== undefined) chownSync(draft, identity.user.uid, identity.user.gid)
  } catch (error) {
    throw fileError(error, draft)
  }
  const initdb = join(dirname(program.file), 'initdb')
  const login = ['--username=floodgate', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  // the server's first checkpoint syncs the files, and an unfinished folder is deleted anyway
  const args = [`--pgdata=${draft}`, ...login, '--encoding=UTF8', '--locale=C', '--no-sync']
  await runOnce(identity.wrap(initdb, args), '', draft)
  const single = ['--single', '-D', draft, '-c', 'exit_on_error=true', 'postgres']
  await runOnce(identity.wrap(program.file, single), 'create database floodgate\n', draft)
  rmSync(folder, { recursive: true, force: true })
  renameSync(draft, folder)
}

function runOnce([file, args]: [string, readonly string[]], input: string, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { timeout: 120_000, env: cleanEnvironment(), cwd: folder },
      (error, out, err) => {
        if (error === null) resolve()
        else reject(initialiseError(error, folder, `${out}\n${err}`))
      }
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function initialiseError(error: ExecFileException, folder: string, output: string): Error {
  if (/no space left/i.test(output)) return fileError(Object.assign(new Error(output), { code: 'ENOSPC' }), folder)
  const lines = output.split('\n').filter((line) => /error|fatal|could not|permission|unexpected/i.test(line))
  return new CommandError(
    `The database could not be made in ${folder}:\n  ${lines.slice(-3).join('\n  ') || error.message}`,
    'Nothing of it is used; the next start begins anew.',
    'Remove the cause that the message names and start again.'
  )
}

/**
 * Postgres takes the lock file of a killed server for that of a running one if no process has reaped it, as in a
 * container whose first process is not an init. Postgres itself handles all other lock files.
 */
function removeLockOfZombie(folder: string): void {
  const lock = join(folder, 'postmaster.pid')
  if (!existsSync(lock)) return
  const pid = Number.parseInt(readFileSync(lock, 'utf8'), 10)
  if (isZombie(pid)) rmSync(lock)
}

/** PGDATA, PGPORT and similar variables of the user's shell must not reach our own server. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
}

async function answers(url: string, folder: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return true
  } catch (error) {
    // 28P01 wrong password, 3D000 no such database: waiting does not help
    if (!['28P01', '3D000'].includes(systemCodeOf(error))) return false
    throw new CommandError(
      `The database in ${folder} does not open: ${error instanceof Error ? error.message : systemCodeOf(error)}.`,
      'It was made by something else, or its password file was exchanged.',
      'Put the password file back, or move the data folder away to start with an empty database.'
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}
