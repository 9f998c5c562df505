import tap, { test } from 'tap'
import { loadCodes } from '../../../src/store/campaigns/codes.ts'
import { readWinDetails } from '../../../src/store/reading/win-details.ts'
import { bearer, type TestApp } from '../../support/http/http-app.ts'
import { buy, isProblem, refused } from '../../support/http/http-requests.ts'
import { startMall } from '../../support/http/stored-wins.ts'
import { sharedServers } from '../../support/servers/servers.ts'
import { aWin, DECIDED_AT, decided } from '../../support/shop/mall.ts'
import { waitFor } from '../../support/wait.ts'

const { databaseUrl } = await sharedServers(tap)
const alice = { authorization: bearer('alice', 2) }
const WIN = '0-1700000000-9'

const get = async ({ app }: TestApp, url: string) => (await app.inject({ url, headers: alice })).json()

const claimWin = (app: TestApp, payload: unknown, key = 'key-0000001') =>
  buy(app, { url: `/v1/wins/${WIN}/claim`, payload, headers: { 'idempotency-key': key } })

const address = { name: 'Alice', phone: '13800000000', city: 'Shanghai', line1: '1 Nanjing Road' }

test('a physical prize is claimed with an address, which is kept before the gate decides and told to nobody', async (t) => {
  const it = await startMall(t, databaseUrl)
  it.gate.wins = [{ win: aWin({ claimBy: DECIDED_AT + 120_000 }), journaled: true }]
  it.gate.outcome = decided('win.claimed', '1700000000-9', { win: aWin({ status: 'claimed' }) })
  const answer = await claimWin(it, { address })
  t.equal(answer.statusCode, 201)
  t.match(answer.json(), { eventId: WIN, win: { id: WIN, status: 'claimed', claimRequires: [] } })
  const reordered = Object.fromEntries(Object.entries(address).reverse())
  await claimWin(it, { address: reordered })
  await claimWin(it, { address: { ...address, phone: '13800000001' } })
  const [first, again, other] = it.gate.commands as Array<{ hash: string; request: string }>
  t.match(first, { op: 'win', change: 'claim', by: 'user', user: 'alice', win: WIN, activity: 'wheel', request: '{}' })
  t.equal(again?.hash, first?.hash)
  t.not(other?.hash, first?.hash)
  t.notMatch(JSON.stringify(it.gate.commands), /Nanjing|138/)
  const kept = (hash = '') => readWinDetails(it.pool, WIN, { key: 'u:key-0000001', hash })
  t.same(await kept(first?.hash), { address })
  t.match(await kept(other?.hash), { address: { phone: '13800000001' } })
})

test('a claim that was kept under the hash of an older version is the same claim', async (t) => {
  const it = await startMall(t, databaseUrl)
  const details = JSON.stringify({ address })
  await it.pool.query(`insert into win_details (win_id, key, hash, details) values ($1, 'u:key-0000001', 'old', $2)`, [
    WIN,
    details
  ])
  it.gate.wins = [{ win: aWin({ status: 'claimed' }), journaled: true }]
  it.gate.outcome = refused('KEY_REUSED', {})
  isProblem(t, await claimWin(it, { address: { ...address, city: 'Wuhan' } }), { status: 422, code: 'KEY_REUSED' })
  await claimWin(it, { address })
  const hashes = it.gate.commands.map((command) => command.hash)
  t.equal(hashes.length, 3, 'other details are asked about once')
  t.equal(hashes.at(-1), 'old')
  t.equal((await it.pool.query('select * from win_details')).rowCount, 1)
})

test('one user claims in turn, and others do not wait for it', async (t) => {
  const it = await startMall(t, databaseUrl)
  it.gate.wins = [{ win: aWin(), journaled: true }]
  it.gate.outcome = decided('win.claimed', '1700000000-9', { win: aWin({ status: 'claimed' }) })
  let open = () => {}
  const held = new Promise<void>((resolve) => {
    open = resolve
  })
  const submit = it.gate.submit.bind(it.gate)
  let atOnce = 0
  it.gate.submit = async (command) => {
    if (command.user === 'alice') {
      atOnce += 1
      await held
    }
    return submit(command)
  }
  const claims = Array.from({ length: 9 }, (_, index) =>
    claimWin(it, { address: { ...address, line1: `House ${index}` } }, `key-000010${index}`)
  )
  const bob = await it.app.inject({
    method: 'POST',
    url: `/v1/wins/${WIN}/claim`,
    headers: { authorization: bearer('bob'), 'idempotency-key': 'key-of-bob' },
    payload: { address }
  })
  t.equal(bob.statusCode, 201)
  await waitFor(() => atOnce === 1, { what: 'one claim to reach the gate' })
  open()
  const statuses = (await Promise.all(claims)).map(({ statusCode }) => statusCode)
  t.ok(statuses.includes(429), 'more than a few do not even wait')
  t.ok(statuses.includes(201))
})

test('the type of the prize decides the body of its claim', async (t) => {
  const it = await startMall(t, databaseUrl)
  for (const [type, payload, pointer] of [
    ['physical', {}, '/address'],
    ['physical', { address: { ...address, line1: ' ' } }, '/address/line1'],
    ['physical', { address: { ...address, planet: 'Earth' } }, '/address/planet'],
    ['physical', { address, account: 'x' }, '/account'],
    ['cash', { account: '' }, '/account'],
    ['cash', {}, '/account'],
    ['coupon', { address }, '/address']
  ] as const) {
    it.gate.wins = [{ win: aWin({ type }), journaled: true }]
    isProblem(t, await claimWin(it, payload), { status: 400, code: 'VALIDATION', errors: [{ pointer }] })
  }
  t.same(it.gate.commands, [])
  it.gate.wins = [{ win: aWin({ type: 'cash', prize: 'cash' }), journaled: true }]
  it.gate.outcome = decided('win.claimed', '1700000000-9', { win: aWin({ type: 'cash', status: 'claimed' }) })
  t.equal((await claimWin(it, { account: 'CN-1' })).statusCode, 201)
})

test('a coupon is claimed with nothing and shows its code, then and later', async (t) => {
  const it = await startMall(t, databaseUrl)
  await loadCodes(it.pool, { campaign: 'mall', pool: 'coupons', codes: ['C-1', 'C-2'] })
  const win = aWin({ type: 'coupon', prize: 'coupon', status: 'claimed' })
  it.gate.wins = [{ win: { ...win, status: 'won' }, journaled: true }]
  it.gate.outcome = decided('win.claimed', '1700000000-9', { win })
  const bare = await it.app.inject({
    method: 'POST',
    url: `/v1/wins/${WIN}/claim`,
    headers: { ...alice, 'idempotency-key': 'key-0000001' }
  })
  t.match(bare.json().win, { prize: { title: 'Coupon' }, code: 'C-1' })
  it.gate.wins = [{ win, journaled: true }]
  t.equal((await get(it, `/v1/wins/${WIN}`)).code, 'C-1')
  t.equal((await get(it, '/v1/me/wins')).items[0].code, 'C-1')
})

test('a win that cannot be claimed is refused by the gate, and no address is kept', async (t) => {
  const it = await startMall(t, databaseUrl)
  for (const [status, code, http] of [
    ['won', 'CLAIM_EXPIRED', 409],
    ['claimed', 'ALREADY_DONE', 409],
    ['revoked', 'VOIDED', 409]
  ] as const) {
    it.gate.wins = [{ win: aWin({ status, claimBy: DECIDED_AT + 1 }), journaled: true }]
    it.gate.outcome = refused(code, {})
    isProblem(t, await claimWin(it, { address }), { status: http, code })
  }
  it.gate.wins = [{ win: aWin(), journaled: true }]
  it.gate.outcome = refused('DISQUALIFIED', {})
  it.gate.hashes = { 'u:alice': { 'dq:mall': '1' } }
  isProblem(t, await claimWin(it, { address }), { status: 403, code: 'DISQUALIFIED' })
  it.gate.hashes = {}
  for (const outcome of [refused('ALREADY_DONE', {}), { kind: 'unavailable', reason: '', retryAfterMs: 1 } as const]) {
    it.gate.outcome = outcome
    t.not((await claimWin(it, { address })).statusCode, 201, 'the gate changed its mind in between')
  }
  const { rows } = await it.pool.query('select * from win_details')
  t.same(rows, [])
  it.gate.wins = []
  isProblem(t, await claimWin(it, { address }), { status: 404, code: 'NOT_FOUND' })
})
