import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PartName } from '../../../src/stack/processes/programs.ts'
import { startServer } from '../../../src/stack/servers/all.ts'
import type { Server } from '../../../src/stack/servers/server.ts'

const run = promisify(execFile)

/** The row cannot be run here; the message says why. A skipped row has not passed. */
export class SkipRow extends Error {}

/** Servers that are the user's own: they are used, and never killed, paused or wiped. */
export type GivenServers = Readonly<Partial<Record<PartName, string>>>

export interface LaneOptions {
  /** data of all its servers */
  readonly folder: string
  readonly given: GivenServers
  /** a folder with a fresh Postgres to copy, because making one takes seconds */
  readonly template?: string | undefined
}

const parts: readonly PartName[] = ['redis', 'nats', 'postgres']

/** One set of servers, on which one row runs after another, each in a namespace of its own. */
export class Lane {
  readonly folder: string
  /** a folder with a fresh Postgres to copy; undefined where Postgres is the user's own */
  readonly template: string | undefined
  readonly #given: GivenServers
  readonly #servers = new Map<PartName, Server>()

  private constructor({ folder, given, template }: LaneOptions) {
    this.folder = folder
    this.template = template
    this.#given = given
  }

  /** @throws CommandError when a server does not start */
  static async start(options: LaneOptions): Promise<Lane> {
    const lane = new Lane(options)
    mkdirSync(options.folder, { recursive: true })
    if (options.template !== undefined && options.given.postgres === undefined) {
      await copyPostgres(options.template, options.folder)
    }
    const started = await Promise.allSettled(
      parts.filter((part) => options.given[part] === undefined).map((part) => privateServer(part, options.folder))
    )
    for (const result of started) if (result.status === 'fulfilled') lane.#servers.set(result.value.part, result.value)
    const failed = started.find((result) => result.status === 'rejected')
    if (failed === undefined) return lane
    await lane.stop()
    throw failed.reason
  }

  /** The same lane with one server of a row's own in place of the lane's. */
  with(server: Server): Lane {
    const { [server.part]: _replaced, ...given } = this.#given
    const lane = new Lane({ folder: this.folder, given, template: this.template })
    for (const [part, own] of this.#servers) lane.#servers.set(part, own)
    lane.#servers.set(server.part, server)
    return lane
  }

  url(part: PartName): string {
    return this.#given[part] ?? this.server(part).url
  }

  /** A server that a row may do anything to. @throws SkipRow when it is the user's own */
  server(part: PartName): Server {
    const server = this.#servers.get(part)
    if (server === undefined) throw new SkipRow(`${part} is not ours: it was given by its address`)
    return server
  }

  /** Makes sure that everything runs, whatever the last row left. */
  async repair(): Promise<void> {
    for (const server of this.#servers.values()) {
      resume(server)
      if (server.pid() === 0) await server.restart()
    }
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#servers.values()].map((server) => {
        resume(server)
        return server.stop(3000)
      })
    )
  }
}

/** A private server in a folder; it ends with this process. */
export function privateServer(part: PartName, folder: string): Promise<Server> {
  return startServer(part, { folder, fsync: false, endWithLauncher: true })
}

/** Makes a Postgres without anything in it, to be copied. @returns its folder */
export async function makeTemplate(folder: string): Promise<string> {
  const server = await privateServer('postgres', folder)
  await server.stop()
  return folder
}

/** Copies a template's data, owners included. */
export async function copyPostgres(template: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await run('cp', ['-a', join(template, 'postgres'), join(template, 'postgres.password'), folder])
}

/** Stops a server as it stands (SIGSTOP), its children too: those of Postgres go on when only their parent is stopped. */
export function suspend(server: Server): void {
  signalAll(server, 'SIGSTOP')
}

/** Lets a suspended server go on. */
export function resume(server: Server): void {
  signalAll(server, 'SIGCONT')
}

function signalAll(server: Server, signal: NodeJS.Signals): void {
  const parent = server.pid()
  if (parent === 0) return
  // parent first: it must not start a child in between
  process.kill(parent, signal)
  for (const child of childrenOf(parent)) {
    try {
      process.kill(child, signal)
    } catch {
      // it ended meanwhile
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
      } catch {
        return false
      }
    })
}
