import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { textOf } from '../base/errors.ts'
import type { Config } from '../config/config.ts'
import { natsPlace } from '../config/nats-url.ts'
import { replaceFile } from './files.ts'
import { type Secrets, type StackFile, stackFilePath } from './home.ts'
import { type PartName, parts } from './processes/programs.ts'
import { restartDelay, type Supervised } from './processes/supervise.ts'
import type { Screen } from './screen.ts'
import type { Server } from './servers/server.ts'

/** All parts of a running stack; each part is entered as soon as it is started, so that a stop finds it. */
export interface Stack {
  readonly home: string
  readonly secrets: Secrets
  readonly screen: Screen
  /** the servers to start again when they die */
  readonly restart: readonly string[]
  /** with the addresses of the servers, as they become known */
  config: Config
  readonly servers: Map<PartName, Server>
  readonly children: Supervised[]
  /** demo campaigns by name, once they are published */
  readonly demos: Map<string, string>
  /** stack.json is written from here on */
  ready: boolean
  stopping: boolean
}

/** The address at which clients on this machine reach a server. */
export function localUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

/** DATABASE_URL for people and reports: it sets the search path to this namespace, so no role has to be changed for that. */
export function databaseUrlForReports({ DATABASE_URL, NAMESPACE }: Config): string {
  if (/[?&]options=[^&]*search_path/.test(DATABASE_URL)) return DATABASE_URL
  const path = `-csearch_path%3D${NAMESPACE}`
  const [before, options] = /^(.*[?&]options=[^&]*)(.*)$/.exec(DATABASE_URL)?.slice(1) ?? []
  if (before !== undefined) return `${before}%20${path}${options ?? ''}`
  return `${DATABASE_URL}${DATABASE_URL.includes('?') ? '&' : '?'}options=${path}`
}

/** NATS for clients: most take no login from a URL, so it has fields of its own. A token stays in the URL. */
function natsOf(config: Config): Pick<StackFile, 'natsUrl' | 'natsUser' | 'natsPassword'> {
  const { user: natsUser, pass: natsPassword } = natsPlace(config)
  if (natsUser === undefined || natsPassword === undefined) {
    return { natsUrl: config.NATS_URL, natsUser: '', natsPassword: '' }
  }
  return { natsUrl: config.NATS_URL.replace(/\/\/[^/,]*@/g, '//'), natsUser, natsPassword }
}

/** NATS_URL with its login, from the fields of stack.json. */
export function natsUrlOf(file: Pick<StackFile, 'natsUrl' | 'natsUser' | 'natsPassword'>): string {
  const { natsUrl, natsUser, natsPassword } = file
  if (natsUser === '') return natsUrl
  return natsUrl.replace('//', `//${encodeURIComponent(natsUser)}:${encodeURIComponent(natsPassword)}@`)
}

/** The content of stack.json at this moment. */
function stackFileOf({ config, secrets, servers, children }: Stack): StackFile {
  const serverPid = (part: PartName): number[] => {
    const pid = servers.get(part)?.pid() ?? 0
    return pid === 0 ? [] : [pid]
  }
  const childPids = (name: string): number[] => [...(children.find((child) => child.name === name)?.pids() ?? [])]
  return {
    publicUrl: localUrl(config.HOST, config.PORT),
    adminUrl: localUrl(config.ADMIN_HOST, config.ADMIN_PORT),
    redisUrl: config.REDIS_URL,
    ...natsOf(config),
    databaseUrl: databaseUrlForReports(config),
    tokenSecret: config.TOKEN_SECRET,
    operators: secrets.operators,
    pids: {
      redis: serverPid('redis'),
      nats: serverPid('nats'),
      postgres: serverPid('postgres'),
      gateway: childPids('gateway'),
      worker: childPids('worker')
    }
  }
}

/** Writes stack.json once the stack is ready; on a full disk the stack goes on, with a warning. */
export function publishStackFile(stack: Stack): void {
  if (!stack.ready || stack.stopping) return
  try {
    replaceFile(stackFilePath(stack.home), `${JSON.stringify(stackFileOf(stack), null, 2)}\n`, 0o600)
  } catch (error) {
    stack.screen.warn(textOf(error))
  }
}

/** Enters a server in the stack and handles an unexpected end: starts it again if `restart` names it, otherwise reports it. */
export function adoptServer(stack: Stack, server: Server): void {
  stack.servers.set(server.part, server)
  const { title } = parts[server.part]
  let previousMs = 0
  let started = performance.now()
  server.onUnexpectedEnd((how) => {
    if (stack.stopping) return
    if (!stack.restart.includes(server.part)) {
      publishStackFile(stack)
      stack.screen.warn(
        `${title} ended (${how}). The gateway answers 503 until it is back: stop the stack and start it again,\n` +
          `      or let it be started again by itself: npm start -- --restart ${server.part}`
      )
      return
    }
    previousMs = restartDelay(previousMs, performance.now() - started)
    stack.screen.warn(`${title} ended (${how}); starting it again on the same data.`)
    void restartUntilUp(stack, server, previousMs).then(() => {
      started = performance.now()
    })
  })
}

async function restartUntilUp(stack: Stack, server: Server, firstDelayMs: number): Promise<void> {
  for (let delayMs = firstDelayMs; !stack.stopping; delayMs = restartDelay(delayMs, 0)) {
    await delay(delayMs)
    if (stack.stopping) return
    try {
      await server.restart()
      publishStackFile(stack)
      stack.screen.note(`${parts[server.part].title} runs again (process ${server.pid()})`)
      return
    } catch (error) {
      stack.screen.warn(textOf(error))
    }
  }
}

/**
 * Stops what the stack started, and nothing else: first the gateway, which finishes what it accepted while everything
 * else still runs, then the worker, then the servers. `hurry` ends every wait.
 */
export async function stopStack(stack: Stack, hurry: Promise<void>): Promise<void> {
  stack.stopping = true
  rmSync(stackFilePath(stack.home), { force: true })
  let hurried = false
  const hastened = hurry.then(() => {
    hurried = true
  })
  for (const name of ['gateway', 'worker']) {
    const child = stack.children.find((candidate) => candidate.name === name)
    if (child === undefined) continue
    const { DRAIN_DELAY_MS, DRAIN_MS } = stack.config
    const stopped = child.stop(hurried ? 0 : DRAIN_DELAY_MS + DRAIN_MS + 2000)
    await Promise.race([stopped, hastened])
    if (hurried) await child.stop(0)
  }
  const servers = [...stack.servers.values()]
  await Promise.race([Promise.all(servers.map((server) => server.stop(hurried ? 500 : 15_000))), hastened])
  if (hurried) await Promise.all(servers.map((server) => server.stop(500)))
}
