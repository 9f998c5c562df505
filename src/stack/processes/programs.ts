import { execFile } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { CommandError } from '../../base/errors.ts'

const run = promisify(execFile)

export const partNames = ['redis', 'nats', 'postgres'] as const
/** The servers that a stack needs. */
export type PartName = (typeof partNames)[number]

interface PartFacts {
  readonly program: string
  /** Debian's package */
  readonly package: string
  readonly title: string
  /** the oldest version that works: major, minor */
  readonly minimum: readonly [number, number]
}

export const parts: Readonly<Record<PartName, PartFacts>> = {
  redis: { program: 'redis-server', package: 'redis-server', title: 'Redis', minimum: [7, 0] },
  nats: { program: 'nats-server', package: 'nats-server', title: 'NATS', minimum: [2, 9] },
  postgres: { program: 'postgres', package: 'postgresql', title: 'Postgres', minimum: [15, 0] }
}

/** A server program as found on this machine. */
export interface Program {
  readonly file: string
  readonly version: string
}

/** Debian keeps servers in sbin, which the PATH of a normal user lacks, and Postgres outside of any PATH. */
function searchFolders(): string[] {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return [...new Set([...postgresFolders(), ...path, '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'])]
}

function postgresFolders(): string[] {
  try {
    const versions = readdirSync('/usr/lib/postgresql').filter((name) => /^\d+$/.test(name))
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => `/usr/lib/postgresql/${version}/bin`)
  } catch {
    return []
  }
}

/** The path of an executable; undefined if this machine has none. `folders` defaults to where servers usually are. */
export function findExecutable(name: string, folders = searchFolders()): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** The Postgres program of one major version, such as the version that made a data folder. */
export function findPostgresOf(major: number): string | undefined {
  return findExecutable('postgres', [`/usr/lib/postgresql/${major}/bin`])
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The servers among `wanted` that this machine lacks. */
export function missingParts(wanted: readonly PartName[]): PartName[] {
  return wanted.filter((part) => findExecutable(parts[part].program) === undefined)
}

/**
 * Finds a server program and checks its version.
 * @throws CommandError when it is missing or too old
 */
export async function requireProgram(part: PartName): Promise<Program> {
  const file = findExecutable(parts[part].program)
  const { title, minimum, program } = parts[part]
  if (file === undefined) {
    throw new CommandError(
      `${program} is not installed.`,
      `The local stack runs its own ${title}.`,
      `Install it: sudo apt-get install -y --no-install-recommends ${parts[part].package}`
    )
  }
  const version = await versionOf(file)
  if (isOlder(version, minimum)) {
    throw new CommandError(
      `${title} ${version} (${file}) is too old.`,
      `Floodgate needs ${title} ${minimum.join('.')} or newer.`,
      'Install a newer one and start again.'
    )
  }
  return { file, version }
}

/** The version that a server program prints: `v=7.0.15`, `nats-server: v2.9.10`, `postgres (PostgreSQL) 15.18`. */
export async function versionOf(file: string): Promise<string> {
  const { stdout } = await run(file, ['--version'], { timeout: 10_000 })
  return /\bv?=?(\d+(?:\.\d+)+)/.exec(stdout)?.[1] ?? '0.0'
}

/** Whether a version text is below [major, minor]. */
export function isOlder(version: string, minimum: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < minimum[0] || (major === minimum[0] && minor < minimum[1])
}
