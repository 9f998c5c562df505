import { createHash } from 'node:crypto'
import { Worker as Thread } from 'node:worker_threads'
import fc from 'fast-check'
import { type Test, test } from 'tap'
import { rulesOf } from '../../src/campaign/definition/rules.ts'
import { createClient } from '../../src/client/client.ts'
import { createSha256 } from '../../src/client/sha256.ts'
import { aCampaign, aCatalogue, bearer, publicApp } from '../support/http/http-app.ts'
import { refused } from '../support/http/http-requests.ts'
import { SecretPool } from '../support/http/tickets.ts'

const KEY = 'an-intention'

test('the hash is SHA-256, of bytes of any length', (t) => {
  const hash = createSha256()
  const hexOf = (bytes: Uint8Array) => Array.from(hash(bytes), (word) => word.toString(16).padStart(8, '0')).join('')
  const sizes = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.constantFrom(0, 55, 56, 63, 64, 119, 120, 4096))
  const bytes = sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size }))
  fc.assert(fc.property(bytes, (text) => hexOf(text) === createHash('sha256').update(text).digest('hex')))
  t.equal(hexOf(new Uint8Array()), createHash('sha256').digest('hex'))
  t.end()
})

/** What becomes of the next requests: lost on their way, or their answers are. */
type Fate = 'lost' | 'answer-lost' | 'arrives'

/** A gateway with a sale that asks for tickets, and a client whose connection is as `fates` say. */
async function guarded(t: Test, fates: Fate[] = []) {
  const campaign = aCampaign()
  const activities = campaign.definition.activities.map((each) => ({ ...each, requires: { ticket: true } }))
  const definition = { ...campaign.definition, activities }
  const catalogue = aCatalogue([{ ...campaign, definition, rules: rulesOf(definition) }])
  const env = { TICKET_WORK_MS: '1' }
  const shop = await publicApp(t, { pool: new SecretPool().pool, catalogue, env })
  const baseUrl = await shop.app.listen({ host: '127.0.0.1', port: 0 })
  const sent: Array<{ what: string; key: string | null; ticket: string | null }> = []
  const ask: typeof fetch = async (url, init) => {
    const { method, headers, url: asked } = new Request(url, init)
    const what = `${method} ${new URL(asked).pathname.split('/').at(-1)}`
    sent.push({ what, key: headers.get('idempotency-key'), ticket: headers.get('floodgate-ticket') })
    const fate = fates.shift() ?? 'arrives'
    if (fate === 'lost') throw new TypeError('lost')
    const answer = await fetch(url, init)
    if (fate === 'arrives') return answer
    await answer.body?.cancel()
    throw new TypeError('the answer is lost')
  }
  const token = bearer('alice').replace('Bearer ', '')
  const client = createClient({ baseUrl, token, fetch: ask, sleep: async () => {} })
  return { ...shop, client, sent, whats: () => sent.map(({ what }) => what) }
}

test('who buys where a ticket is needed gets it by themselves, with the key of the purchase', async (t) => {
  const { client, gate, sent, whats } = await guarded(t)
  let worked = 0
  t.match(await client.buy('launch', 'phone', { onWork: () => (worked += 1) }), { outcome: 'confirmed' })
  t.strictSame(whats(), ['POST orders', 'POST tickets', 'POST tickets', 'POST orders'])
  t.equal(new Set(sent.map(({ key }) => key)).size, 1)
  t.strictSame([worked, gate.commands.length], [1, 1])
  t.ok(sent.at(-1)?.ticket)
  gate.outcome = refused('SOLD_OUT', { remaining: 0, mayReopen: false })
  t.match(await client.buy('launch', 'phone'), { outcome: 'refused', code: 'SOLD_OUT' })
})

test('a ticket that was got before an opening saves the way to it', async (t) => {
  const { client, sent, whats } = await guarded(t)
  const { ticket, expiresAt } = await client.ticket('launch', 'phone', { key: KEY })
  t.ok(Date.parse(expiresAt) > Date.now())
  sent.length = 0
  t.match(await client.buy('launch', 'phone', { key: KEY, ticket }), { outcome: 'confirmed' })
  t.strictSame(whats(), ['POST orders'])
  t.match(
    await client.buy('launch', 'phone', { ticket }),
    { outcome: 'confirmed' },
    'of another key: it gets another one'
  )
  t.strictSame(whats(), ['POST orders', 'POST orders', 'POST tickets', 'POST tickets', 'POST orders'])
  await t.rejects(client.ticket('launch', 'nothing', { key: KEY }), { name: 'ReadError', code: 'NOT_FOUND' })
})

test('whatever is lost on the way, there is one key and one ticket', async (t) => {
  const fate = fc.constantFrom<Fate>('lost', 'answer-lost', 'arrives', 'arrives')
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { maxLength: 8 }), async (fates) => {
      const bad = await guarded(t, [...fates])
      t.match(await bad.client.buy('launch', 'phone'), { outcome: 'confirmed' })
      t.equal(new Set(bad.sent.map(({ key }) => key)).size, 1)
      const tickets = new Set(bad.sent.flatMap(({ ticket }) => ticket ?? []))
      t.equal(tickets.size, 1)
    }),
    { numRuns: 10 }
  )
})

test('who is refused a ticket is told why, and nobody computes twice', async (t) => {
  const { client, gate, whats } = await guarded(t)
  // a gateway that takes no ticket: the clock of one of them is wrong
  const late = createClient({
    baseUrl: 'http://gateway',
    fetch: async (url, init) => {
      const { pathname } = new URL(new Request(url, init).url)
      if (!pathname.endsWith('/tickets'))
        return Response.json({ type: '', title: '', status: 403, code: 'TICKET_INVALID', detail: '' }, { status: 403 })
      const { solution } = JSON.parse(String(init?.body))
      if (solution !== undefined) return Response.json({ ticket: 'late', expiresAt: '' }, { status: 201 })
      const challenge = { token: 'x', algorithm: 'sha256', nonce: 'n', puzzles: 2, difficulty: 4, expiresAt: '' }
      return Response.json({ challenge }, { status: 201 })
    }
  })
  t.match(await late.buy('launch', 'phone'), { outcome: 'refused', code: 'TICKET_INVALID' })
  t.match(await client.buy('launch', 'nothing'), { outcome: 'refused', code: 'NOT_FOUND' })
  t.strictSame(whats(), ['POST orders'])
  t.equal(gate.commands.length, 0)
})

const challenge = {
  token: '',
  algorithm: 'sha256',
  nonce: 'nonce',
  puzzles: 3,
  difficulty: 50,
  expiresAt: ''
} as const

test('a challenge is solved, given up, or refused where computing does not solve it', async (t) => {
  const { client } = await guarded(t)
  const solution = await client.solve(challenge)
  for (const [puzzle, value] of solution.entries()) {
    const number = Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])
    const hash = createHash('sha256')
      .update('nonce')
      .update(Buffer.from([puzzle]))
      .update(number)
      .digest()
    t.ok(hash.readUInt32BE() < 2 ** 32 / 50)
  }
  t.equal(solution.length, 3)
  const giveUp = new AbortController()
  const endless = client.solve({ ...challenge, difficulty: 2 ** 40 }, giveUp)
  giveUp.abort(new Error('given up'))
  await t.rejects(endless, { message: 'given up' })
  await t.rejects(client.solve({ ...challenge, algorithm: 'captcha' as 'sha256' }), { name: 'TypeError' })
})

test('in a page with Workers one of them solves it, and slices do where its policy allows none', async (t) => {
  const { client } = await guarded(t)
  const expected = await client.solve(challenge)
  const place = globalThis as { Worker?: unknown }
  t.teardown(() => delete place.Worker)
  const asked: object[] = []
  const threads: Thread[] = []
  // a Worker as browsers have them, on a thread of Node
  place.Worker = class {
    onmessage: ((message: object) => void) | null = null
    readonly #thread: Promise<Thread>
    constructor(url: string) {
      this.#thread = fetch(url).then(async (answer) => {
        const head =
          "const { parentPort } = require('node:worker_threads')\nglobalThis.postMessage = (data) => parentPort.postMessage(data)\n"
        const tail = "\nparentPort.on('message', (data) => onmessage({ data }))"
        const thread = new Thread(`${head}let onmessage\n${await answer.text()}${tail}`, { eval: true })
        threads.push(thread)
        return thread.on('message', (data) => this.onmessage?.({ data }))
      })
    }
    postMessage(data: object): void {
      asked.push(data)
      void this.#thread.then((thread) => thread.postMessage(data))
    }
    terminate(): void {
      void this.#thread.then((thread) => thread.terminate())
    }
  }
  t.strictSame(await client.solve(challenge), expected)
  t.strictSame(asked, [challenge])
  t.equal(threads.length, 1)
  place.Worker = class {
    onerror: (() => void) | null = null
    postMessage(): void {
      setTimeout(() => this.onerror?.())
    }
    terminate(): void {}
  }
  t.strictSame(await client.solve(challenge), expected)
})
