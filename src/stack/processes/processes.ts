import { spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { findExecutable } from './programs.ts'
import { poll } from './wait.ts'

/** A program to run with its own process group and its output in a file. */
export interface ProgramSpec {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
}

/** How a process ended: `text` is for people, such as `exit code 1` or `signal SIGKILL`. */
interface Ended {
  readonly text: string
}

export interface Running {
  readonly pid: number
  /** resolves when the process is gone; never rejects */
  readonly ended: Promise<Ended>
  alive(): boolean
}

/**
 * Starts a program in a process group of its own, so that a Ctrl-C in the terminal reaches only the launcher,
 * which then stops programs in its own order.
 * @throws Error when the program cannot be started (ENOENT, EACCES)
 */
export async function launch(spec: ProgramSpec): Promise<Running> {
  const log = openSync(spec.logFile, 'a', 0o600)
  const child = spawn(spec.file, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: ['ignore', log, log]
  })
  closeSync(log)
  const ended = new Promise<Ended>((resolve) => {
    child.once('exit', (code, signal) => resolve({ text: endText(code, signal) }))
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  return {
    pid: child.pid as number,
    ended,
    alive: () => child.exitCode === null && child.signalCode === null
  }
}

/**
 * The command that runs a program so that the system sends it `signal` when the thread that started it ends, if setpriv is
 * installed: servers run in process groups of their own, and a crashed test would leave them running.
 */
export function endingWithLauncher(
  file: string,
  args: readonly string[],
  signal: 'KILL' | 'TERM' = 'KILL'
): [file: string, args: readonly string[]] {
  const setpriv = findExecutable('setpriv')
  return setpriv === undefined ? [file, args] : [setpriv, [`--pdeathsig=${signal}`, file, ...args]]
}

/** How a process ended, as a text for people. */
export function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`
}

/** Sends a signal; ignores a process that is gone already. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/**
 * The processes of `program` that use `folder`: as their current folder, or on their command line.
 * Both checks are needed: redis-server overwrites its command line, and in a container root may not look at the current
 * folder of another user's process. Processes that ended and were not reaped do not count.
 */
export function processesIn(folder: string, program: string): number[] {
  return allProcesses().filter((pid) => {
    if (!readProc(pid, 'comm').startsWith(program.slice(0, 15))) return false
    return currentFolder(pid) === folder || readProc(pid, 'cmdline').split('\0').includes(folder)
  })
}

/**
 * The gateways and workers that an earlier launcher started for `home` and that still run: Node processes with its channel
 * and that home in their environment. A process started by hand has no channel and does not count.
 */
export function childrenOfEarlierRun(home: string): number[] {
  return allProcesses().filter((pid) => {
    const command = readProc(pid, 'cmdline').split('\0')
    if (!command.some((word) => word.endsWith('cli.js')) || !/\0(gateway|worker)\0/.test(command.join('\0')))
      return false
    const environment = readProc(pid, 'environ').split('\0')
    const started = environment.some((entry) => entry.startsWith('NODE_CHANNEL_FD='))
    return started && environment.includes(`FLOODGATE_HOME=${home}`)
  })
}

/** When a process started, in clock ticks since the system's start; '' when there is no such process. */
export function startTimeOf(pid: number): string {
  const stat = readProc(pid, 'stat')
  // the second field is the program's name in brackets and may hold blanks: count from its end
  return stat === '' ? '' : (stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '')
}

/** Whether a process has ended and its parent has not reaped it: it still answers signal 0. */
export function isZombie(pid: number): boolean {
  const stat = readProc(pid, 'stat')
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
}

/** Ends the processes that `find` returns: first by `signal`, those left after `graceMs` by SIGKILL. */
export async function endAll(find: () => number[], signal: NodeJS.Signals, graceMs: number): Promise<void> {
  for (const pid of find()) sendSignal(pid, signal)
  if (await poll(() => find().length === 0, graceMs)) return
  for (const pid of find()) sendSignal(pid, 'SIGKILL')
  await poll(() => find().length === 0, 5000)
}

function allProcesses(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

function currentFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
