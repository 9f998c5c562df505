import { randomUUID } from 'node:crypto'
import { parseJson } from '../../support/load/answers.ts'
import { waitFor } from '../../support/wait.ts'
import type { Child } from './child.ts'

export interface Answer {
  /** 0: no answer came */
  readonly status: number
  /** parsed where it is JSON */
  readonly body: unknown
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly key?: string
}

/** A gateway and where it listens. */
export interface Gateway {
  readonly child: Child
  readonly publicUrl: string
  readonly adminUrl: string
}

const answerMs = 8000

/** One request to a gateway, with its token; never throws. */
export async function request(url: string, token: string, { method = 'GET', body, key }: Ask): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(answerMs),
      headers: {
        authorization: `Bearer ${token}`,
        // a connection kept for later would count as something that the gateway holds
        connection: 'close',
        ...(method === 'GET' ? {} : { 'idempotency-key': key ?? randomUUID() }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
    const text = await response.text()
    return { status: response.status, body: parseJson(text) ?? text }
  } catch (error) {
    return { status: 0, body: error instanceof Error ? error.message : String(error) }
  }
}

/** What a campaign is published through. */
interface Publishing {
  readonly gateways: readonly Gateway[]
  admin(ask: Ask, operator?: 0 | 1): Promise<Answer>
}

/** Brings a campaign to life as two operators do it. @throws Error with the answer of the step that failed */
export async function publish(world: Publishing, definition: { readonly id: string }): Promise<void> {
  const path = `/admin/v1/campaigns/${definition.id}`
  const accepted = async (step: Ask, operator: 0 | 1): Promise<unknown> => {
    const asked = { key: randomUUID(), ...step }
    let answer = await world.admin(asked, operator)
    // nothing was done: a busy machine keeps Postgres waiting
    const isDone = async () => {
      if (answer.status === 503) answer = await world.admin(asked, operator)
      return answer.status !== 503
    }
    await waitFor(isDone, { what: `${step.method} ${step.path} to be done` })
    const { status, body } = answer
    if (status >= 200 && status < 300) return body
    throw new Error(`${step.method} ${step.path} was answered with ${status} ${JSON.stringify(body)}`)
  }
  const { version } = (await accepted({ method: 'PUT', path, body: definition }, 0)) as { version: number }
  await accepted({ method: 'POST', path: `${path}/submission`, body: { version } }, 0)
  await accepted({ method: 'POST', path: `${path}/approval`, body: { version } }, 1)
  await accepted({ method: 'POST', path: `${path}/publication`, body: { version } }, 1)
  for (const { child, publicUrl } of world.gateways) {
    const url = `${publicUrl}/v1/campaigns/${definition.id}`
    const shown = async () => !child.alive || (await request(url, '', { path: '' })).status === 200
    await waitFor(shown, { what: `${child.name} to show the campaign` })
  }
}
