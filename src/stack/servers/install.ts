import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { CommandError } from '../../base/errors.ts'
import { findExecutable, missingParts, type PartName, parts } from '../processes/programs.ts'

const run = promisify(execFile)
const installMs = 15 * 60_000

/**
 * Makes sure that the servers `wanted` are on this machine. Missing ones are installed with apt-get as root, or with
 * sudo where it asks for no password; `say` first gets a text of what will be installed. The packages' own services
 * are neither started nor left enabled.
 * @throws CommandError naming the exact command when this user may not install, or when apt-get fails
 */
export async function ensureInstalled(wanted: readonly PartName[], say: (text: string) => void): Promise<void> {
  const missing = missingParts(wanted)
  if (missing.length === 0) return
  const packages = missing.map((part) => parts[part].package)
  const names = missing.map((part) => parts[part].title).join(', ')
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const shell = findExecutable('apt-get') === undefined ? undefined : await rootShell()
  if (shell === undefined) {
    throw new CommandError(
      `Not installed on this machine: ${names}.`,
      'The local stack runs its own servers, and this user may not install them.',
      `Run: sudo apt-get update && sudo ${install}\n  Or set REDIS_URL, NATS_URL and DATABASE_URL to servers that run elsewhere.`
    )
  }
  say(`Not installed on this machine: ${names}.`)
  say(`Installing Debian's packages now, usually within a minute: ${install}`)
  const { code, output } = await runScript(shell, installScript(packages))
  if (code === 0 && missingParts(wanted).length === 0) return
  const lines = output
    .split('\n')
    .filter((line) => /^(E|W|Err|dpkg):?\s|error/i.test(line))
    .slice(-4)
  throw new CommandError(
    `apt-get could not install ${packages.join(', ')}:\n  ${lines.join('\n  ') || `exit code ${code}`}`,
    'The local stack needs these servers.',
    `Run it by hand and read what it says: apt-get update && ${install}`
  )
}

/** The command that runs a shell script as root; undefined if this user has none. */
async function rootShell(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return ['sh', '-c']
  const sudo = findExecutable('sudo')
  if (sudo === undefined) return undefined
  try {
    await run(sudo, ['-n', 'true'], { timeout: 10_000 })
    return [sudo, '-n', 'sh', '-c']
  } catch {
    return undefined
  }
}

/**
 * A policy-rc.d keeps packages from starting their services; an existing one belongs to the administrator and stays. The
 * trap removes ours even when the installation is interrupted. With systemd the services would start at the next boot, so
 * they are disabled; only the packages that were missing are changed.
 */
function installScript(packages: readonly string[]): string {
  const policy = '/usr/sbin/policy-rc.d'
  return [
    'export DEBIAN_FRONTEND=noninteractive LC_ALL=C',
    `if [ ! -e ${policy} ]; then`,
    `  trap 'rm -f ${policy}' EXIT`,
    "  trap 'exit 130' INT TERM HUP",
    `  printf '#!/bin/sh\\nexit 101\\n' > ${policy} && chmod 755 ${policy}`,
    'fi',
    // one unreachable package source is no error here, as others may have the packages: the installation itself decides
    'apt-get -o DPkg::Lock::Timeout=120 update || true',
    `apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends ${packages.join(' ')} || exit $?`,
    'if [ -d /run/systemd/system ]; then',
    `  systemctl disable --now ${packages.join(' ')} || true`,
    'fi'
  ].join('\n')
}

function runScript([file = 'sh', ...args]: string[], script: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, [...args, script], { stdio: ['ignore', 'pipe', 'pipe'], timeout: installMs })
    let output = ''
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => resolve({ code: 127, output: `E: ${error.message}` }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
