import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { Outcome } from '../../../src/gate/batch/outcomes.ts'
import { bearer, type TestApp } from './http-app.ts'

export const BUY_URL = '/v1/campaigns/launch/sales/phone/orders'
export const BUY_KEY = 'key-0000001'

type Headers = Record<string, string>

/** Alice buys a phone, or what `request` says instead; a header of '' is left out. */
export function buy(
  { app }: TestApp,
  request: { payload?: unknown; headers?: Headers; url?: string } = {}
): Promise<LightMyRequestResponse> {
  const { payload = { quantity: 1 }, headers = {}, url = BUY_URL } = request
  const all: Headers = {
    authorization: bearer('alice', 3),
    'idempotency-key': BUY_KEY,
    'content-type': 'application/json',
    ...headers
  }
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return app.inject({ method: 'POST', url, headers: sent, payload: text })
}

/** Checks the shape that every refusal has, and the members expected of this one. */
export function isProblem(
  t: Test,
  answer: LightMyRequestResponse,
  expected: { status: number; code: string } & Record<string, unknown>
) {
  t.equal(answer.statusCode, expected.status, expected.code)
  t.match(answer.headers['content-type'], /^application\/problem\+json/)
  t.match(answer.json(), {
    type: `urn:floodgate:problem:${expected.code.toLowerCase().replaceAll('_', '-')}`,
    ...expected
  })
  t.type(answer.json().requestId, 'string')
  t.type(answer.headers['x-request-id'], 'string')
}

/** What the gate says when it refuses. */
export function refused(
  code: Extract<Outcome, { kind: 'refused' }>['code'],
  members: Record<string, unknown>
): Outcome {
  return { kind: 'refused', code, members }
}
