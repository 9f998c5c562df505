import { pino } from 'pino'
import { test } from 'tap'
import { UnavailableError } from '../../../src/base/errors.ts'
import { pickLanguage } from '../../../src/http/problems/language.ts'
import {
  type ProblemCode,
  problemBody,
  problemTable,
  problemType,
  spreadMs
} from '../../../src/http/problems/problems.ts'
import { createSeldom } from '../../../src/http/running/seldom.ts'
import { bearer, publicApp } from '../../support/http/http-app.ts'
import { buy, isProblem } from '../../support/http/http-requests.ts'
import { waitFor } from '../../support/wait.ts'

/** The contract's codes by status, written down once more: a code or status changed by mistake must not pass. */
const contract: Record<number, string> = {
  400: 'VALIDATION IDEMPOTENCY_KEY_REQUIRED STACKING_NOT_ALLOWED',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN DISQUALIFIED NOT_ELIGIBLE TICKET_REQUIRED TICKET_INVALID UNVERIFIED',
  404: 'NOT_FOUND',
  409:
    'NOT_STARTED SESSION_CLOSED PAUSED SOLD_OUT LIMIT_REACHED INSUFFICIENT_BALANCE ALREADY_DONE ALREADY_BOUND ' +
    'SELF_NOT_ALLOWED CIRCULAR PREREQUISITE VOIDED CLAIM_EXPIRED NOT_PAYABLE NOT_CANCELLABLE CONFLICT',
  410: 'ENDED',
  412: 'VERSION_MISMATCH',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'KEY_REUSED',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE UNKNOWN_OUTCOME'
}

const codes = Object.keys(problemTable) as ProblemCode[]

function bodyOf(
  code: ProblemCode,
  language: 'en' | 'zh-CN',
  members?: Record<string, unknown>
): Record<string, unknown> {
  return JSON.parse(problemBody({ code, language, requestId: 'key-of-"request"', ...(members && { members }) }))
}

test('the table has the codes of the contract with their statuses, and no others', async (t) => {
  const expected = Object.entries(contract).flatMap(([status, names]) =>
    names.split(' ').map((name) => [name, Number(status)])
  )
  t.strictSame(Object.fromEntries(codes.map((code) => [code, problemTable[code].status])), Object.fromEntries(expected))
})

test('every code has its body in both languages, with and without its members', async (t) => {
  for (const code of codes) {
    for (const language of ['en', 'zh-CN'] as const) {
      const bare = bodyOf(code, language)
      t.match(bare, { type: problemType(code), status: problemTable[code].status, code, requestId: 'key-of-"request"' })
      const members = Object.fromEntries(problemTable[code].members.map((member) => [member, `<${member}>`]))
      const full = bodyOf(code, language, members)
      t.match(full, members, `${code} carries its members`)
      for (const { title, detail } of [bare, full] as Array<{ title: string; detail: string }>) {
        t.ok(title.length > 0 && detail.length > 0, `${code} says something in ${language}`)
        t.notMatch(detail, /undefined|null/, `${code} names no member that is missing`)
      }
    }
    t.not(problemTable[code].en.title, problemTable[code]['zh-CN'].title, `${code} is translated`)
  }
  t.equal(problemType('SOLD_OUT'), 'urn:floodgate:problem:sold-out')
})

test('placeholders of every text are members of its code', async (t) => {
  for (const code of codes) {
    const { members, en, 'zh-CN': zh } = problemTable[code]
    const named = JSON.stringify([en, zh]).matchAll(/\{(\w+)\}/g)
    for (const [, member] of named) t.ok((members as readonly string[]).includes(member ?? ''), `${code} has ${member}`)
  }
})

test('the language is the preferred one of the two, English where nothing else is asked for', async (t) => {
  const wanted: Array<[string | undefined, string]> = [
    [undefined, 'en'],
    ['', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
    ['zh', 'zh-CN'],
    ['ZH-hans', 'zh-CN'],
    ['en;q=0.2, zh-TW;q=0.7', 'zh-CN'],
    ['en-GB,zh;q=0.9', 'en'],
    ['fr, zh;q=0.1', 'zh-CN'],
    ['fr', 'en'],
    ['zh;q=0', 'en'],
    ['zh;q=rubbish', 'en'],
    [`${'x'.repeat(5000)},zh`, 'en']
  ]
  for (const [header, language] of wanted) t.equal(pickLanguage(header), language, String(header).slice(0, 40))
})

test('waiting times are spread over half their length, none shorter than asked for', async (t) => {
  const spread = Array.from({ length: 1000 }, () => spreadMs(1000))
  t.ok(spread.every((ms) => ms >= 1000 && ms <= 1500))
  const buckets = new Set(spread.map((ms) => Math.floor(ms / 50)))
  t.ok(buckets.size >= 10, 'every twentieth part is used')
})

test('many refusals for one reason are one log line, and only an unexpected fault is an error', async (t) => {
  const lines: Array<{ level: number; msg: string; reason?: string; err?: { stack?: string } }> = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const { app, gate } = await publicApp(t, { logger })
  gate.failure = new UnavailableError('the gate is not connected yet', { cause: new Error('no route') })
  const headers = { authorization: bearer('alice') }
  const ask = () => app.inject({ url: '/v1/me/orders', headers })
  // one after the other: of one user a few are let in at a time
  for (let asked = 0; asked < 100; asked += 1) t.equal((await ask()).statusCode, 503)
  const away = lines.filter(({ msg }) => msg === 'requests were not served')
  t.equal(away.length, 1)
  t.match(away[0], { level: 40, reason: 'the gate is not connected yet: no route' })
  t.equal(away[0]?.err, undefined, 'without a stack')
  gate.failure = new TypeError('a mistake of ours')
  for (let asked = 0; asked < 50; asked += 1) t.equal((await ask()).statusCode, 503)
  const errors = lines.filter(({ level }) => level >= 50)
  t.equal(errors.length, 1)
  t.match(errors[0]?.err?.stack, /TypeError: a mistake of ours\n/)
})

test('a reason that was not logged is logged at the end, with how often it happened', async (t) => {
  const said: Array<[string, number]> = []
  const seldom = createSeldom({ everyMs: 50, most: 2 })
  for (const name of ['a', 'a', 'b', 'a', 'c', 'd']) seldom(name, (more) => said.push([name, more]))
  t.same(
    said,
    [
      ['a', 0],
      ['b', 0],
      ['c', 0]
    ],
    'names beyond the bound are one'
  )
  await waitFor(() => said.length === 5, { what: 'the rest to be told' })
  t.same(said.slice(3).sort(), [
    ['a', 2],
    ['d', 1]
  ])
})

test('whoever is refused by a shard that has too much to do returns within some seconds, not with all others', async (t) => {
  const shop = await publicApp(t)
  shop.gate.outcome = { kind: 'unavailable', reason: 'too many requests wait', retryAfterMs: 1000, isBusy: true }
  const waits: number[] = []
  for (let asked = 0; asked < 30; asked += 1) {
    const answer = await buy(shop, { headers: { 'idempotency-key': `asked-for-${asked}` } })
    isProblem(t, answer, { status: 503, code: 'UNAVAILABLE' })
    waits.push(answer.json().retryAfterMs)
  }
  t.ok(waits.every((wait) => wait >= 1000 && wait <= 4000))
  for (const from of [1000, 2000, 3000]) {
    const share = waits.filter((wait) => wait > from && wait <= from + 1000).length / waits.length
    t.ok(share > 0.2, `${Math.round(share * 100)} % return in the second after ${from} ms`)
  }
})
