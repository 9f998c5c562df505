import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { middayTimezone } from '../support/midday.ts'
import type { Stack } from '../support/servers/stack.ts'

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const nothing = { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 0 }

function draw(id: string, prize: object, more: object) {
  const winning = { id: 'prize', tier: 1, title: { en: 'Prize', 'zh-CN': '奖品' }, quota: 1, weight: 1, ...prize }
  return { id, kind: 'draw', title: id, fallback: 'thanks', prizes: [winning, nothing], ...more }
}

/** Every kind of activity; each draw gives its one prize first and then its fallback. */
export function walkCampaign(id: string) {
  const now = Date.now()
  const session = { id: 'am', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 5 }
  return {
    id,
    title: 'Walk',
    timezone: middayTimezone,
    opensAt: iso(now - HOUR),
    closesAt: iso(now + HOUR),
    units: { stars: { scope: 'campaign' } },
    activities: [
      draw('wheel', { type: 'physical', claimWithinDays: 14 }, { cost: { points: 10 }, limits: { perDay: 2 } }),
      draw('coupons', { type: 'coupon', pool: 'coupons' }, {}),
      draw('lucky', { type: 'points', value: 30 }, { chances: { daily: 1, extraPerDay: 2 } }),
      { id: 'check-in', kind: 'task', per: 'day', reward: { points: 20, chances: { lucky: 1 } } },
      { id: 'second', kind: 'task', per: 'campaign', after: ['check-in'], reward: { stars: 3 } },
      {
        id: 'reader',
        kind: 'task',
        per: 'campaign',
        goal: { counter: 'pages', count: 2 },
        reward: { entitlement: 'vip' }
      },
      { id: 'later', kind: 'task', per: 'campaign', opensAt: iso(now + HOUR / 2), reward: { stars: 1 } },
      {
        id: 'ticket',
        kind: 'redemption',
        title: 'Ticket',
        cost: { stars: 5 },
        stock: 3,
        unitsPerUser: 2,
        pool: 'tickets'
      },
      {
        id: 'phone',
        kind: 'sale',
        title: 'Phone',
        price: 100,
        currency: 'CNY',
        requires: { entitlement: 'vip' },
        sessions: [session]
      }
    ]
  }
}

/** How long what is not definite is asked again, with its key. */
const PATIENT_MS = 60_000

/** The text of an answer read as JSON, its status and its headers. */
async function exchange(url: string, method: string, init: { headers: Record<string, string>; body?: string }) {
  const until = performance.now() + PATIENT_MS
  const once = async () => {
    const response = await fetch(url, { method, signal: AbortSignal.timeout(PATIENT_MS), ...init })
    return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers }
  }
  for (;;) {
    const isLast = performance.now() > until
    const answer = await once().catch((error: unknown) => {
      if (isLast) throw error
    })
    const isOpen = answer === undefined || answer.status === 202 || answer.status === 503
    if (answer !== undefined && (!isOpen || isLast)) return answer
    await delay(100)
  }
}

/** Asks a stack over HTTP, as a user with a key of its own for each POST unless one is given. */
export function walker(stack: Stack, campaign: string) {
  const at = (path: string) => `/v1/campaigns/${campaign}/${path}`
  const ask = (user: string, request: string, asked: { body?: unknown; key?: string; language?: string } = {}) => {
    const [method = 'GET', path = ''] = request.split(' ')
    const { body, key = randomUUID(), language = 'en' } = asked
    return exchange(`${stack.publicUrl}${path}`, method, {
      headers: {
        authorization: `Bearer ${stack.tokenOf(user)}`,
        'accept-language': language,
        ...(method === 'POST' && { 'idempotency-key': key, 'content-type': 'application/json' })
      },
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) })
    })
  }
  return {
    ask,
    spin: (user: string, draw: string, key?: string) =>
      ask(user, `POST ${at(`draws/${draw}/spins`)}`, key === undefined ? {} : { key }),
    complete: (user: string, task: string, key?: string) =>
      ask(user, `POST ${at(`tasks/${task}/completions`)}`, key === undefined ? {} : { key }),
    claim: (user: string, quantity: number, key = randomUUID() as string) =>
      ask(user, `POST ${at('redemptions/ticket/claims')}`, { body: { quantity }, key }),
    me: async (user: string) => (await ask(user, `GET ${at('me')}`)).body,
    upload: (path: string, body: string) =>
      exchange(`${stack.file().adminUrl}/admin/v1${path}`, 'POST', {
        headers: {
          authorization: `Bearer ${Object.values(stack.file().operators)[0]}`,
          'idempotency-key': randomUUID(),
          'content-type': 'text/csv'
        },
        body
      })
  }
}
