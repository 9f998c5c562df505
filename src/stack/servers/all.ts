import { existsSync, mkdirSync, realpathSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../errors.ts'
import { type PartName, type Program, partNames, requireProgram } from '../processes/programs.ts'
import { natsSpec } from './nats.ts'
import { postgresSpec } from './postgres.ts'
import { redisSpec } from './redis.ts'
import { runServer, type Server, type ServerFiles, type ServerSpec } from './server.ts'

interface ServerOptions {
  /** holds a data folder for each server, and `logs` */
  readonly folder: string
  /** false only for tests: faster, and a power failure may lose data (true) */
  readonly fsync?: boolean
  /** let the system kill the server when the thread that started it ends; for tests (false) */
  readonly endWithLauncher?: boolean
  /** the passwords that clients need; Postgres makes its own (none) */
  readonly passwords?: { readonly redis: string; readonly nats: string } | undefined
}

interface ServersOptions extends ServerOptions {
  /** which servers to start (all) */
  readonly parts?: readonly PartName[]
}

/** The started servers; reading one that was not asked for throws. */
export interface Servers {
  readonly redis: Server
  readonly nats: Server
  readonly postgres: Server
  readonly all: readonly Server[]
  /** Stops all of them, each by SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

const longestLog = 10 * 1024 * 1024

/**
 * Starts one private server on 127.0.0.1, on a free port, with its data below `options.folder`.
 * @throws CommandError when it cannot run: missing, too old, a foreign data folder, no rights, a full disk
 */
export async function startServer(part: PartName, options: ServerOptions): Promise<Server> {
  const program = await requireProgram(part)
  const files = prepareFolders(part, options.folder)
  const how = {
    fsync: options.fsync ?? true,
    endWithLauncher: options.endWithLauncher ?? false,
    passwords: options.passwords
  }
  const spec = await specOf(part, files, { program, ...how })
  return runServer(spec)
}

/**
 * Starts private servers in parallel. If one of them fails, the others are stopped again.
 * @throws CommandError as startServer does
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const wanted = options.parts ?? partNames
  const results = await Promise.allSettled(wanted.map((part) => startServer(part, options)))
  const all = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  const stop = async (graceMs?: number): Promise<void> => {
    await Promise.all(all.map((server) => server.stop(graceMs)))
  }
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const one = (part: PartName): Server => {
    const server = all.find((candidate) => candidate.part === part)
    if (server === undefined) throw new Error(`${part} was not asked for`)
    return server
  }
  return {
    get redis() {
      return one('redis')
    },
    get nats() {
      return one('nats')
    },
    get postgres() {
      return one('postgres')
    },
    all,
    stop
  }
}

async function specOf(
  part: PartName,
  files: ServerFiles,
  {
    passwords,
    ...how
  }: { program: Program; fsync: boolean; endWithLauncher: boolean } & Pick<ServerOptions, 'passwords'>
): Promise<ServerSpec> {
  switch (part) {
    case 'redis':
      return redisSpec(files, { ...how, password: passwords?.redis })
    case 'nats':
      return natsSpec(files, { ...how, password: passwords?.nats })
    case 'postgres':
      return await postgresSpec(files, how)
  }
}

/** Postgres makes its own data folder: it needs the right owner, and only a complete folder may be there. */
function prepareFolders(part: PartName, folder: string): ServerFiles {
  try {
    mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 })
    const real = realpathSync(folder)
    if (part !== 'postgres') mkdirSync(join(real, part), { recursive: true, mode: 0o700 })
    const logFile = join(real, 'logs', `${part}.log`)
    if (existsSync(logFile) && statSync(logFile).size > longestLog) renameSync(logFile, `${logFile}.old`)
    return { folder: join(real, part), logFile }
  } catch (error) {
    throw fileError(error, folder)
  }
}
