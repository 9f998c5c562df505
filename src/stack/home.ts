import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Static, type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { CommandError, systemCodeOf } from '../base/errors.ts'
import { fileError } from './errors.ts'
import { makeFolder, replaceFile } from './files.ts'

/** Below this the servers would run into a full disk within minutes. */
const leastFreeBytes = 512 * 1024 * 1024

const Secrets = Type.Object({
  tokenSecret: Type.String({ minLength: 32 }),
  operators: Type.Record(Type.String(), Type.String({ minLength: 32 })),
  redisPassword: Type.String({ minLength: 32 }),
  natsPassword: Type.String({ minLength: 32 })
})
/**
 * The secrets that a home makes once and keeps: the storefront's token secret, the operators' admin tokens by name, and the passwords of its
 * Redis and NATS. (Postgres keeps its own.)
 */
export type Secrets = Static<typeof Secrets>

const marker = 'floodgate-home.json'

/**
 * Opens FLOODGATE_HOME, and makes it if it is missing.
 * @returns its real absolute path
 * @throws CommandError when it belongs to another program, cannot be written, or its disk is full
 */
export function openHome(folder: string): string {
  const wanted = resolve(folder)
  try {
    makeFolder(wanted, 0o700)
    const home = realpathSync(wanted)
    const entries = readdirSync(home)
    if (!entries.includes(marker)) {
      if (entries.length > 0) throw foreignHome(home)
      replaceFile(join(home, marker), `${JSON.stringify({ floodgate: 'data of a local stack', layout: 1 })}\n`, 0o600)
    }
    closeToOthers(home)
    requireSpace(home)
    return home
  } catch (error) {
    throw error instanceof CommandError ? error : fileError(error, wanted)
  }
}

/** Makes the files of a home readable for its owner only, also in a home that an earlier version made readable. */
function closeToOthers(home: string): void {
  if ((statSync(home).mode & 0o077) !== 0) chmodSync(home, 0o700)
}

function foreignHome(home: string): CommandError {
  return new CommandError(
    `${home} is not empty and not the home of a Floodgate stack.`,
    'The stack keeps databases there and would mix them with what is in it. Nothing was changed.',
    'Set FLOODGATE_HOME to a new or empty folder and start again.'
  )
}

function requireSpace(home: string): void {
  const { bavail, bsize } = statfsSync(home)
  if (bavail * bsize >= leastFreeBytes) return
  const mb = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MB`
  throw new CommandError(
    `The disk of ${home} is nearly full: ${mb(bavail * bsize)} are free.`,
    `The stack's databases and journal need at least ${mb(leastFreeBytes)}. Nothing was started or changed.`,
    'Free some space, or set FLOODGATE_HOME to a folder on a larger disk, and start again.'
  )
}

/**
 * The secrets of a home, made at the first call, readable by their owner only.
 * @throws CommandError when the file cannot be read as such
 */
export function loadSecrets(home: string): Secrets {
  const file = join(home, 'secrets.json')
  const token = (): string => randomBytes(32).toString('base64url')
  const keep = (secrets: Secrets): Secrets => {
    replaceFile(file, `${JSON.stringify(secrets, null, 2)}\n`, 0o600)
    return secrets
  }
  const passwords = { redisPassword: token(), natsPassword: token() }
  if (!existsSync(file)) {
    return keep({ tokenSecret: token(), operators: { 'operator-1': token(), 'operator-2': token() }, ...passwords })
  }
  const remedy = 'Move it away: the next start makes new secrets, and tokens signed before stop working.'
  const before = readJson(file, Type.Partial(Secrets), remedy)
  // a home of an earlier version has no passwords yet
  if (before.redisPassword !== undefined && before.natsPassword !== undefined) return readJson(file, Secrets, remedy)
  const complete = { ...passwords, ...before }
  const problem = Value.Errors(Secrets, complete)[0]
  if (problem !== undefined) throw unreadable(file, `${problem.instancePath || 'it'} ${problem.message}`, remedy)
  return keep(complete as Secrets)
}

const StackFile = Type.Object({
  publicUrl: Type.String(),
  adminUrl: Type.String(),
  redisUrl: Type.String(),
  natsUrl: Type.String(),
  /** '' if the server asks for none */
  natsUser: Type.String(),
  natsPassword: Type.String(),
  databaseUrl: Type.String(),
  tokenSecret: Type.String(),
  operators: Type.Record(Type.String(), Type.String()),
  pids: Type.Object({
    redis: Type.Array(Type.Integer()),
    nats: Type.Array(Type.Integer()),
    postgres: Type.Array(Type.Integer()),
    gateway: Type.Array(Type.Integer()),
    worker: Type.Array(Type.Integer())
  })
})
/** stack.json: the addresses of a running stack. Parts that the stack does not run itself have no pids. */
export type StackFile = Static<typeof StackFile>

/** The path of stack.json in a home. */
export function stackFilePath(folder: string): string {
  return join(resolve(folder), 'stack.json')
}

/**
 * Reads stack.json of the stack that runs in `folder`; undefined when none runs there.
 * @throws CommandError when the file cannot be read as such
 */
export function readStackFile(folder: string): StackFile | undefined {
  const file = stackFilePath(folder)
  if (!existsSync(file)) return undefined
  return readJson(file, StackFile, 'Remove it and start the stack again: npm start')
}

function readJson<T extends TSchema>(file: string, schema: T, remedy: string): Static<T> {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (systemCodeOf(error) !== '') throw fileError(error, file)
    throw unreadable(file, 'it is not JSON', remedy)
  }
  const problem = Value.Errors(schema, value)[0]
  if (problem !== undefined) throw unreadable(file, `${problem.instancePath || 'it'} ${problem.message}`, remedy)
  return value as Static<T>
}

function unreadable(file: string, why: string, remedy: string): CommandError {
  return new CommandError(`${file} is damaged: ${why}.`, 'It was written by Floodgate and changed since.', remedy)
}
