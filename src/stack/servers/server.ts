import { existsSync, readFileSync, statSync } from 'node:fs'
import { CommandError, messageOf } from '../../base/errors.ts'
import { fileError } from '../errors.ts'
import { endAll, launch, type ProgramSpec, processesIn, type Running, sendSignal } from '../processes/processes.ts'
import { type PartName, parts } from '../processes/programs.ts'
import { poll } from '../processes/wait.ts'
import { freePort } from './ports.ts'

/** The files of a server. */
export interface ServerFiles {
  /** its data and its current folder, absolute */
  readonly folder: string
  readonly logFile: string
}

/** How to run one kind of server. */
export interface ServerSpec extends ServerFiles {
  readonly part: PartName
  readonly version: string
  readonly stopSignal: NodeJS.Signals
  /** runs before each start, when no process of an earlier run is left */
  prepare?(): void
  program(port: number): Pick<ProgramSpec, 'file' | 'args' | 'env'>
  url(port: number): string
  /** whether the server answers; false while it is still loading its data */
  answers(port: number): Promise<boolean>
}

/** A private server on loopback, with the same port for as long as this object lives. */
export interface Server {
  readonly part: PartName
  readonly version: string
  readonly url: string
  readonly port: number
  readonly folder: string
  /** how many processes of an earlier run were ended before this one started */
  readonly leftovers: number
  /** 0 while it does not run */
  pid(): number
  /** Stops it in order; by SIGKILL after `graceMs` (10 s). */
  stop(graceMs?: number): Promise<void>
  /** SIGKILL to the server and its children; resolves when all are gone. */
  kill(): Promise<void>
  /** Stops it if it runs and starts it on the same data and port. @throws CommandError when it does not start */
  restart(): Promise<void>
  /** `listener` is called after each end that neither stop, kill nor restart caused, with a text that says how it ended. */
  onUnexpectedEnd(listener: (how: string) => void): void
}

const startMs = 120_000

/**
 * Runs a server until it answers.
 * First ends processes that an earlier launcher left running on the same data.
 * @throws CommandError when it ends or does not answer in time; nothing is left running then
 */
export async function runServer(spec: ServerSpec): Promise<Server> {
  const leftovers = processesOf(spec).length
  if (leftovers > 0) await endAll(() => processesOf(spec), spec.stopSignal, 10_000)
  const listeners: Array<(how: string) => void> = []
  let { port, running } = await startOnFreePort(spec)
  let wanted = true
  const watch = (): void => {
    const watched = running
    void watched.ended.then(({ text }) => {
      if (wanted && running === watched) for (const listener of listeners) listener(text)
    })
  }
  watch()

  async function stop(graceMs = 10_000): Promise<void> {
    wanted = false
    if (running.alive()) sendSignal(running.pid, spec.stopSignal)
    if (await poll(() => !running.alive() && processesOf(spec).length === 0, graceMs)) return
    await kill()
  }

  async function kill(): Promise<void> {
    wanted = false
    if (running.alive()) sendSignal(running.pid, 'SIGKILL')
    await endAll(() => processesOf(spec), 'SIGKILL', 5000)
    await running.ended
  }

  async function restart(): Promise<void> {
    await stop()
    running = await start(spec, port)
    wanted = true
    watch()
  }

  return {
    part: spec.part,
    version: spec.version,
    url: spec.url(port),
    port,
    folder: spec.folder,
    leftovers,
    pid: () => (running.alive() ? running.pid : 0),
    stop,
    kill,
    restart,
    onUnexpectedEnd: (listener) => listeners.push(listener)
  }
}

function processesOf(spec: ServerSpec): number[] {
  return processesIn(spec.folder, parts[spec.part].program)
}

/** Tries several ports: another program can take a free port before the server uses it. */
async function startOnFreePort(spec: ServerSpec): Promise<{ port: number; running: Running }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, running: await start(spec, port) }
    } catch (error) {
      if (attempt === 3 || !/address (already )?in use/i.test(messageOf(error))) throw error
    }
  }
}

async function start(spec: ServerSpec, port: number): Promise<Running> {
  const logStart = existsSync(spec.logFile) ? statSync(spec.logFile).size : 0
  const newLog = (): string => readFileSync(spec.logFile).subarray(logStart).toString()
  const { title, program } = parts[spec.part]
  let running: Running
  try {
    spec.prepare?.()
    running = await launch({ ...spec.program(port), cwd: spec.folder, logFile: spec.logFile })
  } catch (error) {
    throw fileError(error, spec.logFile)
  }
  if (await becomesReady(spec, running, port)) return running
  if (running.alive()) {
    await endAll(() => processesOf(spec), 'SIGKILL', 5000)
    throw new CommandError(
      `${title} did not answer within ${startMs / 1000} s.`,
      `It was ended; its data in ${spec.folder} is untouched.`,
      `Read ${spec.logFile} and start again.`
    )
  }
  throw startError(spec, `${title} (${program}) ended at its start: ${(await running.ended).text}.`, newLog())
}

/** Waits until the server answers; false when it ended or the time is over. */
async function becomesReady(spec: ServerSpec, running: Running, port: number): Promise<boolean> {
  let ready = false
  try {
    await poll(async () => {
      ready = running.alive() && (await spec.answers(port))
      return ready || !running.alive()
    }, startMs)
  } catch (error) {
    await endAll(() => processesOf(spec), spec.stopSignal, 5000)
    throw error
  }
  return ready
}

/** Turns the reason in a server's own log into an error that says what to do. */
function startError(spec: ServerSpec, what: string, log: string): CommandError {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const telling = lines.filter((line) =>
    /fatal|error|panic|in use|no space|bad file|cannot|could not|can't/i.test(line)
  )
  const last = (telling.length > 0 ? telling : lines).slice(-3).join('\n  ')
  if (/no space left/i.test(log)) {
    return new CommandError(
      `${what}\n  ${last}`,
      'The disk is full. Nothing was changed in the data that is already there.',
      'Free some space and start again.'
    )
  }
  return new CommandError(
    `${what}\n  ${last}`,
    `Its data in ${spec.folder} was left as it is.`,
    `Read ${spec.logFile}. If that data may go, move the folder away and start again.`
  )
}
