import { setTimeout as delay } from 'node:timers/promises'
import { CommandError, fetchFault } from '../../base/errors.ts'

/** A deployment as the outside sees it. */
export interface Deployment {
  readonly url: string
  readonly environment: string
  /** its clock when it was asked, ms since 1970, exact to a second */
  readonly clock: number
}

/** The sale that is bought from. */
export interface Target {
  readonly campaign: string
  readonly sale: string
}

interface Reply {
  readonly status: number
  readonly headers: Headers
  /** undefined when the body is no JSON */
  readonly body: unknown
}

const ANSWER_MS = 10_000
const PAUSE_MS = 250
const ATTEMPTS = 60

/** One request by the client of Node: what is proved needs no speed. @throws TypeError, DOMException without an answer in time */
async function ask(url: string, request: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_MS) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The member of a JSON object; undefined for anything else. */
export function memberOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null && name in body ? (body as Record<string, unknown>)[name] : undefined
}

/**
 * Asks until the answer is definite: not pending, not "too many", no fault of a server, no lost answer.
 * @returns undefined when that did not come
 */
export async function insist(url: string, request: RequestInit = {}): Promise<Reply | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const reply = await ask(url, request).catch(() => undefined)
    const { status = 503 } = reply ?? {}
    if (reply !== undefined && status !== 202 && status !== 429 && status < 500) return reply
    const asked = Number(memberOf(reply?.body, 'retryAfterMs'))
    await delay(Math.min(5000, asked > 0 ? asked : PAUSE_MS))
  }
  return undefined
}

/** @throws CommandError when it does not answer, is no Floodgate, or says that it is production and that was not permitted */
export async function readDeployment(url: string, permitProduction: boolean): Promise<Deployment> {
  const reply = await ask(`${url}/readyz`).catch((error: unknown) => {
    throw new CommandError(`${url} does not answer: ${fetchFault(error)}.`, 'No load was sent.', 'Check --url.')
  })
  const environment = memberOf(reply.body, 'environment')
  if (typeof environment !== 'string') {
    throw new CommandError(
      `${url}/readyz answers ${reply.status}, and not as a gateway of Floodgate does.`,
      'No load was sent.',
      'Give --url the address of the public port, and let what stands before it pass /readyz.'
    )
  }
  if (environment === 'production' && !permitProduction) {
    throw new CommandError(
      `${url} says that it is production.`,
      'No load was sent: it would buy real units, and take the time of real users.',
      'Give --production if that is what you want.'
    )
  }
  const date = Date.parse(reply.headers.get('date') ?? '')
  return { url, environment, clock: Number.isNaN(date) ? Date.now() : date }
}

/** How many units the page shows as left; null while it does not know. @throws CommandError when there is no such sale */
export async function readRemaining(url: string, { campaign, sale }: Target): Promise<number | null> {
  const reply = await insist(`${url}/v1/campaigns/${campaign}`)
  const activities = memberOf(reply?.body, 'activities')
  const found = Array.isArray(activities) && activities.find((activity) => memberOf(activity, 'id') === sale)
  // what has a price is bought; all else is taken part in
  if (!found || memberOf(found, 'price') === undefined) {
    throw new CommandError(
      `${url} shows no sale ${campaign}/${sale}.`,
      'No load was sent.',
      'Publish one, and name it as CAMPAIGN/SALE.'
    )
  }
  const remaining = memberOf(found, 'remaining')
  return typeof remaining === 'number' ? remaining : null
}
