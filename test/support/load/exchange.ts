import { type Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'

/** Where a client breaks its own connection: once the request is written, or once the answer's head has come. */
export type Cut = 'after-write' | 'mid-answer'

export interface ExchangeOptions {
  readonly agent: Agent
  readonly method: 'GET' | 'POST'
  /** absolute */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** from the first byte written to the last byte read */
  readonly deadlineMs: number
  readonly cut?: Cut
  /** after-write: how long the written request lives before its connection is broken */
  readonly cutAfterMs?: number
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** The answer did not arrive; whether the request was carried out is not known. */
export class NoAnswerError extends Error {}

/**
 * One HTTP exchange.
 * @throws NoAnswerError on a deadline, a broken connection (also one broken on purpose), or a cut answer
 */
export function exchange(options: ExchangeOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(options.url, {
      agent: options.agent,
      method: options.method,
      headers: { ...options.headers, 'content-length': Buffer.byteLength(options.body ?? '') }
    })
    const deadline = setTimeout(() => fail(`no answer within ${options.deadlineMs} ms`), options.deadlineMs)
    const fail = (reason: string) => {
      clearTimeout(deadline)
      request.destroy()
      reject(new NoAnswerError(reason))
    }
    request.on('error', (error) => fail(error.message))
    request.on('response', (response) => {
      if (options.cut !== undefined) return fail('cut in the middle of the answer')
      readText(response).then(
        (text) => {
          clearTimeout(deadline)
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
        },
        (error: Error) => fail(error.message)
      )
    })
    if (options.cut === 'after-write') {
      request.on('finish', () => setTimeout(() => fail('cut after the request was written'), options.cutAfterMs ?? 0))
    }
    request.end(options.body)
  })
}

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('end', () => resolve(Buffer.concat(parts).toString()))
    response.on('error', reject)
    response.on('close', () => reject(new Error('the answer was cut')))
  })
}
