import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { messageOf } from '../../base/errors.ts'
import { endText, sendSignal } from './processes.ts'
import { poll } from './wait.ts'

interface SupervisedOptions {
  /** `gateway` or `worker` */
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
  /** called when pids() has changed */
  onPids(): void
  /** called when the process ended by itself; it is started again after `delayMs` */
  onEnd(how: string, delayMs: number): void
}

/** A process of our own that is started again whenever it dies. */
export interface Supervised {
  readonly name: string
  /** its processes: those that it reported by message, otherwise itself; empty while it is down */
  pids(): readonly number[]
  /** how often it ended by itself so far, and how it ended the last time */
  ends(): { readonly count: number; readonly last: string }
  /** what it wrote to its log since its last start */
  log(): string
  /** SIGTERM, and after `graceMs` SIGKILL to its whole group. */
  stop(graceMs: number): Promise<void>
}

const firstDelayMs = 200
const longestDelayMs = 10_000
const steadyMs = 2000
const longestLog = 50 * 1024 * 1024

/**
 * How long to wait before a process that lived `livedMs` is started again: 200 ms if it lived 2 s or more, otherwise
 * twice the delay before (`previousMs`, 0 for none), at most 10 s.
 */
export function restartDelay(previousMs: number, livedMs: number): number {
  if (livedMs >= steadyMs || previousMs === 0) return firstDelayMs
  return Math.min(previousMs * 2, longestDelayMs)
}

/** Starts the process and keeps it running until stop(). */
export function supervise(options: SupervisedOptions): Supervised {
  let child: ChildProcess | undefined
  let pids: readonly number[] = []
  let stopping = false
  let delayMs = 0
  let timer: NodeJS.Timeout | undefined
  let logStart = 0
  const ends = { count: 0, last: '' }

  function start(): void {
    const started = performance.now()
    let over = false
    const ended = (how: string): void => {
      if (over) return
      over = true
      child = undefined
      ends.count++
      ends.last = how
      if (!stopping) {
        delayMs = restartDelay(delayMs, performance.now() - started)
        options.onEnd(how, delayMs)
        timer = setTimeout(start, delayMs)
      }
      setPids([])
    }
    try {
      const own = spawnLogged()
      child = own
      own.once('exit', (code, signal) => {
        // its forks must end too: a fork that hangs would keep the port
        if (own.pid !== undefined) sendSignal(-own.pid, 'SIGKILL')
        ended(endText(code, signal))
      })
      own.once('error', (error) => ended(error.message))
      own.on('message', (message) => {
        const reported = pidsOf(message)
        if (child === own && reported !== undefined) setPids(reported)
      })
      setPids(own.pid === undefined ? [] : [own.pid])
    } catch (error) {
      ended(messageOf(error))
    }
  }

  function spawnLogged(): ChildProcess {
    if (existsSync(options.logFile) && statSync(options.logFile).size > longestLog) {
      renameSync(options.logFile, `${options.logFile}.old`)
    }
    const log = openSync(options.logFile, 'a', 0o600)
    logStart = statSync(options.logFile).size
    const stdio: StdioOptions = ['ignore', log, log, 'ipc']
    const own = spawn(options.file, options.args, { env: options.env, detached: true, stdio })
    closeSync(log)
    return own
  }

  function setPids(now: readonly number[]): void {
    if (now.join() === pids.join()) return
    pids = now
    options.onPids()
  }

  async function stop(graceMs: number): Promise<void> {
    stopping = true
    clearTimeout(timer)
    const group = child?.pid
    if (group === undefined) return
    sendSignal(group, 'SIGTERM')
    if (await poll(() => child === undefined, graceMs)) return
    sendSignal(-group, 'SIGKILL')
    await poll(() => child === undefined, 5000)
  }

  start()
  return {
    name: options.name,
    pids: () => pids,
    ends: () => ends,
    log: () => readFileSync(options.logFile).subarray(logStart).toString(),
    stop
  }
}

function pidsOf(message: unknown): readonly number[] | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'pids')
    return undefined
  if (!('pids' in message) || !Array.isArray(message.pids)) return undefined
  const pids: unknown[] = message.pids
  return pids.every((pid) => Number.isInteger(pid)) ? (pids as number[]) : undefined
}
