import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError } from '../base/errors.ts'
import type { Config } from '../config/config.ts'
import { Interrupted, type StopSignal } from './processes/stop-signal.ts'
import { type Supervised, supervise } from './processes/supervise.ts'
import { poll } from './processes/wait.ts'
import { localUrl, publishStackFile, type Stack } from './stack.ts'

/** In MB. What a worker makes of frames lives for milliseconds; with the 16 MB that Node takes, a quarter of its time goes to garbage. */
const YOUNG = '--max-semi-space-size=32'

const readyMs = 300_000
const mostEndsAtStart = 3
const cli = fileURLToPath(new URL('../cli.js', import.meta.url))

/**
 * Starts gateway and worker, keeps them running, and waits until the gateway is ready to sell.
 * @throws CommandError with the last lines of the log of the process that does not start
 */
export async function startChildren(stack: Stack, stop: StopSignal): Promise<void> {
  const env = environmentOf(stack)
  for (const name of ['worker', 'gateway']) {
    const child = supervise({
      name,
      file: process.execPath,
      args: ['--enable-source-maps', ...(name === 'worker' ? [YOUNG] : []), cli, name],
      env,
      logFile: join(stack.home, 'logs', `${name}.log`),
      onPids: () => publishStackFile(stack),
      onEnd: (how, delayMs) => {
        const patience =
          delayMs > 1000 ? ` It dies at once: next try in ${delayMs / 1000} s. See logs/${name}.log.` : ''
        if (stack.ready) stack.screen.warn(`${name} ended (${how}) and is started again.${patience}`)
      }
    })
    stack.children.push(child)
  }
  await waitUntilReady(stack, stop)
}

async function waitUntilReady(stack: Stack, stop: StopSignal): Promise<void> {
  const url = `${localUrl(stack.config.HOST, stack.config.PORT)}/readyz`
  const failing = (): Supervised | undefined => stack.children.find((child) => child.ends().count >= mostEndsAtStart)
  let last = 'no answer'
  let ready = false
  await poll(
    async () => {
      const answer = await ask(url)
      ready = answer.ok
      last = answer.text
      return ready || stop.isRequested() || failing() !== undefined
    },
    readyMs,
    100
  )
  if (stop.isRequested()) throw new Interrupted('stopped while starting')
  if (ready) return
  const child = failing()
  if (child !== undefined) {
    throw new CommandError(
      `The ${child.name} ends at its start: ${child.ends().last}.\n  ${lastWords(child.log())}`,
      'Without it nothing can be sold; everything that was started is stopped again.',
      `Read ${join(stack.home, 'logs', `${child.name}.log`)}.`
    )
  }
  const words = stack.children.map((each) => `${each.name}: ${lastWords(each.log())}`).join('\n  ')
  throw new CommandError(
    `The gateway was not ready within ${readyMs / 1000} s; ${url} says: ${last}\n  ${words}`,
    'It becomes ready when the worker has opened the shard; everything that was started is stopped again.',
    `Read ${join(stack.home, 'logs')}/worker.log and gateway.log there.`
  )
}

async function ask(url: string): Promise<{ ok: boolean; text: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
    return { ok: response.ok, text: (await response.text()).slice(0, 300) }
  } catch {
    return { ok: false, text: 'no answer' }
  }
}

/** The last lines of a log that report an error; of pino's JSON lines only the message. */
export function lastWords(log: string): string {
  // of a stack trace only the message, not the places
  const lines = log.split('\n').filter((line) => line.trim() !== '' && !/^\s+at |^Node\.js v|^node:/.test(line))
  const words = lines.flatMap((line) => {
    if (!line.startsWith('{')) return [line]
    try {
      const { level, msg, err } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } }
      return (level ?? 0) >= 40 ? [[msg, err?.message].filter((text) => text !== undefined).join(': ')] : []
    } catch {
      return []
    }
  })
  return (words.length > 0 ? words : lines).slice(-4).join('\n  ') || 'it wrote nothing to its log'
}

/** The environment of gateway and worker: that of this process, with the addresses and secrets of the stack. */
function environmentOf({ config, home }: Stack): NodeJS.ProcessEnv {
  const set: Partial<Record<keyof Config, string>> = {
    FLOODGATE_HOME: home,
    PORT: String(config.PORT),
    ADMIN_PORT: String(config.ADMIN_PORT),
    REDIS_URL: config.REDIS_URL,
    NATS_URL: config.NATS_URL,
    DATABASE_URL: config.DATABASE_URL,
    TOKEN_SECRET: config.TOKEN_SECRET,
    DEMO_SHOP: String(config.DEMO_SHOP)
  }
  return { ...process.env, ...set }
}
