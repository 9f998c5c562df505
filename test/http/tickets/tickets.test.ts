import fc from 'fast-check'
import { type Test, test } from 'tap'
import { UnavailableError } from '../../../src/base/errors.ts'
import type { CatalogueCampaign } from '../../../src/campaign/carrying/catalogue.ts'
import { rulesOf } from '../../../src/campaign/definition/rules.ts'
import { SignalCounts } from '../../../src/http/running/signals.ts'
import type { Challenge } from '../../../src/http/tickets/challenge.ts'
import { Price } from '../../../src/http/tickets/price.ts'
import { Tickets } from '../../../src/http/tickets/tickets.ts'
import { readSignals } from '../../../src/record/signals.ts'
import { aCampaign, aCatalogue, bearer, publicApp } from '../../support/http/http-app.ts'
import { BUY_KEY, buy, isProblem, refused } from '../../support/http/http-requests.ts'
import { accepted } from '../../support/http/scripted-gate.ts'
import { SecretPool, solved } from '../../support/http/tickets.ts'

const EASY = { TICKET_WORK_MS: '1', TICKET_WORK_MAX_MS: '1' }
const MINUTE = 60_000
const TICKETS = '/v1/campaigns/launch/tickets'
const OTHER_KEY = 'key-0000002'

/** The campaign `id` of tests, whose sale `phone`, and a second one `tablet`, ask for tickets. */
function campaignWithTickets(id: string): CatalogueCampaign {
  const campaign = aCampaign()
  const [phone, ...others] = campaign.definition.activities
  const sale = { ...phone, requires: { ticket: true } } as (typeof others)[number]
  const definition = { ...campaign.definition, id, activities: [sale, { ...sale, id: 'tablet' }, ...others] }
  return { ...campaign, id, definition, rules: rulesOf(definition) }
}

/** A shop whose clock is set by hand. */
async function ticketShop(t: Test, env: Record<string, string> = EASY) {
  const clock = { now: Date.UTC(2026, 10, 12) }
  const postgres = new SecretPool()
  const told: string[] = []
  const signals = new SignalCounts((text) => told.push(text) > 0)
  const catalogue = aCatalogue([campaignWithTickets('launch'), campaignWithTickets('second')])
  const shop = await publicApp(t, { pool: postgres.pool, catalogue, env, signals, now: () => clock.now })
  const post = (body: unknown, { user = 'alice', key = BUY_KEY, url = TICKETS } = {}) =>
    buy(shop, {
      url,
      payload: body,
      headers: { authorization: user && bearer(user), 'idempotency-key': key }
    })
  async function ticketFor(
    who: { user?: string; key?: string; url?: string; activity?: string } = {}
  ): Promise<string> {
    const { activity = 'phone', ...place } = who
    const { challenge } = (await post({ activity }, place)).json<{ challenge: Challenge }>()
    const answer = await post({ activity, challenge: challenge.token, solution: solved(challenge) }, place)
    return answer.json().ticket
  }
  const counted = () => {
    signals.tell()
    return readSignals(told.pop() ?? '')?.activities[0]?.outcomes
  }
  const withTicket = (ticket: string, more: Record<string, string> = {}) =>
    buy(shop, { headers: { 'floodgate-ticket': ticket, ...more } })
  return { ...shop, shop, clock, postgres, post, ticketFor, counted, withTicket }
}

test('a sale that asks for a ticket lets in who has one, and says so to everybody', async (t) => {
  const { shop, post, withTicket, counted } = await ticketShop(t)
  isProblem(t, await buy(shop), { status: 403, code: 'TICKET_REQUIRED', requestId: BUY_KEY })
  isProblem(t, await withTicket(''), { status: 403, code: 'TICKET_REQUIRED' })
  t.equal(shop.gate.commands.length, 0, 'the gate decides nothing')
  const asked = await post({ activity: 'phone' })
  t.equal(asked.statusCode, 201)
  const { challenge } = asked.json()
  t.match(challenge, { algorithm: 'sha256', puzzles: 16, difficulty: 16, expiresAt: '2026-11-12T00:02:00.000Z' })
  const given = await post({ activity: 'phone', challenge: challenge.token, solution: solved(challenge) })
  t.equal(given.statusCode, 201)
  t.strictSame(Object.keys(given.json()), ['ticket', 'expiresAt'])
  t.equal(given.json().expiresAt, '2026-11-12T00:05:00.000Z')
  t.equal(given.headers['cache-control'], 'no-store')
  t.equal((await withTicket(given.json().ticket)).statusCode, 201)
  t.strictSame(counted(), { confirmed: 1, TICKET_REQUIRED: 2 })
  const page = await shop.app.inject('/v1/campaigns/launch')
  t.match(page.json().activities[0], { id: 'phone', requires: { ticket: true } })
})

test('a ticket is for one user, key, activity and campaign, and for five minutes', async (t) => {
  const { shop, clock, ticketFor, withTicket, counted } = await ticketShop(t)
  const invalid = { status: 403, code: 'TICKET_INVALID' }
  const ticket = await ticketFor()
  isProblem(t, await withTicket(ticket, { authorization: bearer('bob') }), invalid)
  isProblem(t, await withTicket(ticket, { 'idempotency-key': OTHER_KEY }), invalid)
  for (const url of ['/v1/campaigns/launch/sales/tablet/orders', '/v1/campaigns/second/sales/phone/orders'])
    isProblem(t, await buy(shop, { url, headers: { 'floodgate-ticket': ticket } }), invalid)
  const [end = '', signature = ''] = ticket.split('.')
  const later = (Number.parseInt(end, 36) + MINUTE).toString(36)
  const wrong = [
    `0${ticket}`,
    `${later}.${signature}`,
    `${end}.${signature.slice(1)}A`,
    `${end}.`,
    signature,
    'x',
    `${ticket} `.repeat(9)
  ]
  for (const each of wrong) isProblem(t, await withTicket(each), invalid)
  clock.now += 5 * MINUTE - 1
  t.equal((await withTicket(ticket)).statusCode, 201)
  clock.now += 1
  isProblem(t, await withTicket(ticket), invalid)
  t.equal(shop.gate.commands.length, 1)
  t.match(counted(), { confirmed: 1, TICKET_INVALID: wrong.length + 3 })
})

test('what was decided is answered without a ticket, and what was refused may come again with the same one', async (t) => {
  const { shop, clock, ticketFor, withTicket } = await ticketShop(t)
  const ticket = await ticketFor()
  shop.gate.outcome = refused('SOLD_OUT', { remaining: 0, mayReopen: true })
  for (let time = 0; time < 2; time += 1) isProblem(t, await withTicket(ticket), { status: 409, code: 'SOLD_OUT' })
  shop.gate.outcome = accepted(undefined, true)
  shop.gate.found = accepted()
  clock.now += 10 * MINUTE
  for (const replay of [await withTicket(ticket), await withTicket('nonsense'), await buy(shop)]) {
    t.equal(replay.statusCode, 201)
    t.equal(replay.headers['idempotent-replayed'], 'true')
  }
})

test('who is not signed in, has no key or no such activity is told that first; nobody can tell is 503', async (t) => {
  const { shop, post, postgres, ticketFor, withTicket } = await ticketShop(t)
  isProblem(t, await buy(shop, { headers: { authorization: '' } }), { status: 401, code: 'UNAUTHENTICATED' })
  isProblem(t, await buy(shop, { headers: { 'idempotency-key': '' } }), {
    status: 400,
    code: 'IDEMPOTENCY_KEY_REQUIRED'
  })
  isProblem(t, await buy(shop, { payload: { quantity: 0 } }), { status: 400, code: 'VALIDATION' })
  isProblem(t, await post({ activity: 'phone' }, { user: '' }), { status: 401, code: 'UNAUTHENTICATED' })
  isProblem(t, await post({ activity: 'phone' }, { key: '' }), { status: 400, code: 'IDEMPOTENCY_KEY_REQUIRED' })
  isProblem(t, await post({ activity: 'nothing' }), { status: 404, code: 'NOT_FOUND' })
  isProblem(t, await post({ activity: 'case' }), { status: 404, code: 'NOT_FOUND' })
  const ticket = await ticketFor()
  shop.gate.busy = true
  isProblem(t, await post({ activity: 'phone' }), { status: 503, code: 'UNAVAILABLE' })
  shop.gate.busy = false
  postgres.isAway = true
  t.equal((await withTicket(ticket)).statusCode, 201, 'the secret was read before')
  shop.gate.failure = new UnavailableError('the gate is closed')
  isProblem(t, await buy(shop), { status: 503, code: 'UNAVAILABLE' })
  shop.gate.outcome = { kind: 'unavailable', reason: 'closed', retryAfterMs: 400 }
  isProblem(t, await withTicket(ticket), { status: 503, code: 'UNAVAILABLE' })
  const fresh = await publicApp(t, { catalogue: aCatalogue([campaignWithTickets('launch')]), env: EASY })
  isProblem(t, await buy(fresh, { headers: { 'floodgate-ticket': ticket } }), { status: 503, code: 'UNAVAILABLE' })
})

test('a challenge is solved by its user, for its key and activity, within two minutes', async (t) => {
  const { clock, post } = await ticketShop(t)
  const { challenge } = (await post({ activity: 'phone' })).json<{ challenge: Challenge }>()
  const solution = solved(challenge)
  const answer = { activity: 'phone', challenge: challenge.token, solution }
  const wrong = { status: 403, code: 'TICKET_INVALID' }
  isProblem(t, await post(answer, { user: 'bob' }), wrong)
  isProblem(t, await post(answer, { key: OTHER_KEY }), wrong)
  isProblem(t, await post({ ...answer, activity: 'tablet' }), wrong)
  isProblem(t, await post(answer, { url: '/v1/campaigns/second/tickets' }), wrong)
  isProblem(t, await post({ ...answer, solution: solution.slice(1) }), wrong)
  isProblem(t, await post({ ...answer, solution: [...solution, 0] }), wrong)
  isProblem(t, await post({ ...answer, challenge: challenge.token.replace('.16.16.', '.1.16.') }), wrong)
  isProblem(t, await post({ ...answer, challenge: challenge.token.replace('.16.16.', '.16.01.') }), wrong)
  isProblem(t, await post({ ...answer, challenge: challenge.token.replace('.16.16.', '.016.16.') }), wrong)
  isProblem(t, await post({ ...answer, challenge: `0${challenge.token}` }), wrong)
  const place = solution.findIndex((_, puzzle) => !isSolved(challenge, puzzle, 0))
  isProblem(t, await post({ ...answer, solution: solution.with(place, 0) }), wrong)
  t.equal((await post(answer)).statusCode, 201)
  t.equal((await post(answer)).statusCode, 201, 'a lost answer can be asked for again')
  clock.now += 2 * MINUTE
  isProblem(t, await post(answer), wrong)
})

function isSolved({ nonce, difficulty }: Challenge, puzzle: number, value: number): boolean {
  return solved({ nonce, difficulty, puzzles: puzzle + 1 })[puzzle] === value
}

test('nobody computes in vain: an activity without tickets and an ended campaign have no challenge', async (t) => {
  const plain = await publicApp(t, { pool: new SecretPool().pool })
  const ask = (shop: typeof plain) => buy(shop, { url: TICKETS, payload: { activity: 'phone' } })
  isProblem(t, await ask(plain), { status: 400, code: 'VALIDATION', errors: [{ pointer: '/activity' }] })
  const ended = aCatalogue([{ ...campaignWithTickets('launch'), ended: true }])
  isProblem(t, await ask(await publicApp(t, { pool: new SecretPool().pool, catalogue: ended })), {
    status: 410,
    code: 'ENDED'
  })
  const half = await ticketShop(t)
  for (const body of [{ activity: 'phone', challenge: 'x' }, { activity: 'phone', solution: [1] }, {}])
    isProblem(t, await half.post(body), { status: 400, code: 'VALIDATION' })
})

test('rubbish is refused, never answered with a fault', async (t) => {
  const { post, withTicket } = await ticketShop(t)
  const text = fc.string({ unit: 'binary', maxLength: 80 })
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ activity: fc.constantFrom('phone', ''), challenge: text, solution: fc.array(fc.integer()) }),
    fc.record({ activity: fc.constant('phone'), challenge: fc.constant('0.1.1.'), solution: fc.constant([0]) })
  )
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const { statusCode } = await post(sent)
      return [201, 400, 403, 404].includes(statusCode) && (statusCode !== 201 || !('solution' in Object(sent)))
    })
  )
  const header = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
  await fc.assert(fc.asyncProperty(header, async (sent) => (await withTicket(sent)).statusCode === 403))
})

const word = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/)
const intention = fc.record({ campaign: word, activity: word, user: word, key: word })

test('what is given for an intention is valid for this one alone, with this secret', async (t) => {
  const config = { TICKET_WORK_MS: 1, TICKET_WORK_MAX_MS: 1, KEY_RETENTION: 604_800 }
  const [one, other] = [7, 8].map(
    (byte) => new Tickets({ pool: new SecretPool(byte).pool, config, now: () => 1_700_000_000_000 })
  ) as [Tickets, Tickets]
  await fc.assert(
    fc.asyncProperty(intention, intention, async (wanted, another) => {
      const challenge = await one.challenge(wanted)
      const answer = { challenge: challenge.token, solution: solved(challenge) }
      const { ticket = '' } = (await one.exchange(wanted, answer)) ?? {}
      const isSame = JSON.stringify(wanted) === JSON.stringify(another)
      t.equal(await one.isValid(wanted, ticket), true)
      t.equal(await one.isValid(another, ticket), isSame)
      t.equal(await other.isValid(wanted, ticket), false)
      t.equal((await one.exchange(another, answer)) !== undefined, isSame)
      t.equal(await other.exchange(wanted, answer), undefined)
    }),
    { numRuns: 30 }
  )
})

test('a ticket never outlives the memory of its key', async (t) => {
  const { shop, clock, ticketFor, withTicket } = await ticketShop(t, { ...EASY, KEY_RETENTION: '10' })
  const ticket = await ticketFor()
  clock.now += 10_000
  isProblem(t, await withTicket(ticket), { status: 403, code: 'TICKET_INVALID' })
  t.equal(shop.gate.commands.length, 0)
})

test('tickets cost more while many are given, up to the most, and the least again after it', (t) => {
  let now = 1000
  let count = 0
  const price = new Price({ leastMs: 100, mostMs: 400, now: () => now })
  const give = (times: number) => {
    for (let time = 0; time < times; time += 1) {
      count += 1
      price.count(`challenge ${count}`)
    }
  }
  const calm = price.hashes
  t.equal(calm, 25_000)
  give(100)
  t.equal(price.hashes, calm, 'a hundred a second are calm')
  give(100)
  t.equal(price.hashes, 2 * calm)
  for (let time = 0; time < 1000; time += 1) price.count('challenge 1')
  t.equal(price.hashes, 2 * calm, 'one solution, given again and again, is one ticket')
  now += 1000
  t.equal(price.hashes, 2 * calm, 'what the second before had counts as far as it is not over')
  now += 500
  t.equal(price.hashes, calm)
  give(10_000)
  t.equal(price.hashes, 4 * calm)
  now += 2000
  t.equal(price.hashes, calm)
  give(10_000)
  now -= 60_000
  t.equal(price.hashes, calm, 'a clock that was set back begins anew')
  const dear = new Price({ leastMs: 100, mostMs: 1, now: () => now })
  t.equal(dear.hashes, calm, 'the most is never below the least')
  t.end()
})
