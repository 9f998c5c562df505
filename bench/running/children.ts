import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

const START_WITHIN_MS = 20_000
const STOP_WITHIN_MS = 3_000

/** One answer of a child process. @throws Error when it ends or the deadline passes first */
export async function nextMessage<Message>(child: ChildProcess, withinMs: number, what: string): Promise<Message> {
  const over = new AbortController()
  const deadline = setTimeout(() => over.abort(), withinMs)
  try {
    const { signal } = over
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error(`${what} ended before it answered.`)
    })
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    return message as Message
  } catch (error) {
    throw over.signal.aborted ? new Error(`${what} did not answer within ${withinMs} ms.`) : error
  } finally {
    clearTimeout(deadline)
    over.abort()
  }
}

/** Starts a module below bench/ as a process. Its errors go to the terminal; it ends when this process ends. */
export function startChild(module: string, env: Record<string, string> = {}): ChildProcess {
  return fork(new URL(`../${module}`, import.meta.url), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const hurry = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await gone
  clearTimeout(hurry)
}

export interface Service {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** A yardstick service of bench/servers/, on a free loopback port. */
export async function startService(
  name: 'bare' | 'peer' | 'evalsha',
  env: Record<string, string> = {}
): Promise<Service> {
  const child = startChild(`servers/${name}.js`, { NODE_ENV: 'production', ...env })
  try {
    const { url } = await nextMessage<{ url: string }>(child, START_WITHIN_MS, `The ${name} service`)
    return { url, pid: child.pid ?? 0, stop: () => stopChild(child) }
  } catch (error) {
    await stopChild(child)
    throw error
  }
}
