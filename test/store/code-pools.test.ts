import type { Pool } from 'pg'
import tap, { test } from 'tap'
import { assignCodes, assignCodesOfAll, codesOf, countCodes, loadCodes } from '../../src/store/campaigns/codes.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(tap)

const tickets = { campaign: 'launch', pool: 'tickets' }

function* codes(count: number, from = 0): Generator<string> {
  for (let index = from; index < from + count; index += 1) yield `T-${index.toString().padStart(7, '0')}`
}

/** Codes that some claim has, in the order of the pool. */
async function given(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ code: string }>(
    'select code from codes where claim_id is not null order by position'
  )
  return rows.map(({ code }) => code)
}

test('codes are loaded once, whatever comes again, and announced with what is new', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  const announced: number[] = []
  const load = async (from: number, count: number) => {
    const started = performance.now()
    const result = await loadCodes(pool, {
      ...tickets,
      codes: codes(count, from),
      announce: async (client, loaded) => {
        await client.query('select 1')
        announced.push(loaded)
      }
    })
    t.comment(`${count} codes in ${Math.round(performance.now() - started)} ms`)
    return result
  }
  t.same(await load(0, 30_000), { loaded: 30_000, duplicates: 0 })
  t.same(await load(20_000, 20_000), { loaded: 10_000, duplicates: 10_000 })
  t.same(await load(0, 1000), { loaded: 0, duplicates: 1000 })
  t.same(announced, [20_000, 10_000, 10_000], 'part by part, and not where nothing is new')
  t.same(await countCodes(pool, tickets), { loaded: 40_000, given: 0 })
  t.same(await loadCodes(pool, { ...tickets, codes: ['a\tb', 'c\\d', 'a\tb', '码'] }), { loaded: 3, duplicates: 1 })
  t.same(await loadCodes(pool, { ...tickets, pool: 'other', codes: codes(10) }), { loaded: 10, duplicates: 0 })
})

test('what is not announced is not loaded, and the load goes on where it ended', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  let parts = 0
  const announce = async () => {
    parts += 1
    if (parts === 2) throw new Error('no more for now')
  }
  await t.rejects(loadCodes(pool, { ...tickets, codes: codes(50_000), announce }), { message: 'no more for now' })
  t.same(await countCodes(pool, tickets), { loaded: 20_000, given: 0 })
  t.same(await loadCodes(pool, { ...tickets, codes: codes(50_000) }), { loaded: 30_000, duplicates: 20_000 })
})

test('fifty connections take half of a pool: the lowest codes, none twice', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 50)
  await loadCodes(pool, { ...tickets, codes: codes(1000) })
  const claims = Array.from({ length: 500 }, (_, index) => `0-1700000000-${index}`)
  const got = await Promise.all(claims.map((claim) => assignCodes(pool, { ...tickets, claim, quantity: 1 })))
  t.equal(new Set(got.flat()).size, 500)
  t.equal(got.flat().length, 500)
  t.same(await given(pool), [...codes(500)])
  const again = await Promise.all(claims.map((claim) => assignCodes(pool, { ...tickets, claim, quantity: 1 })))
  t.same(again, got, 'asked again it answers the same')
  t.same(await codesOf(pool, claims[7] ?? ''), got[7])
})

test('sessions that serve the same claims together give each its own, and none waits for the other for ever', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 8)
  await loadCodes(pool, { ...tickets, codes: codes(300) })
  await loadCodes(pool, { ...tickets, pool: 'vouchers', codes: codes(300, 1000) })
  const claims = Array.from({ length: 100 }, (_, index) => ({
    campaign: 'launch',
    pool: index % 2 === 0 ? 'tickets' : 'vouchers',
    claim: `0-1700000000-${index}`,
    quantity: 1 + (index % 3)
  }))
  const served = await Promise.all(
    Array.from({ length: 8 }, (_, turn) => assignCodesOfAll(pool, turn % 2 === 0 ? claims : [...claims].reverse()))
  )
  for (const given of served) {
    t.same(new Map([...given].sort()), new Map([...(served[0] ?? [])].sort()))
    for (const { claim, quantity } of claims) t.equal(given.get(claim)?.length, quantity)
  }
  const all = [...(served[0] ?? new Map<string, string[]>()).values()].flat()
  t.equal(new Set(all).size, all.length, 'no code twice')
  t.same(await assignCodesOfAll(pool, []), new Map())
})

test('a claim that asks many times at once gets its codes once', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 30)
  await loadCodes(pool, { ...tickets, codes: codes(100) })
  for (const [claim, quantity] of [
    ['0-1-1', 1],
    ['0-1-2', 3],
    ['0-1-3', 7]
  ] as const) {
    const ask = () => assignCodes(pool, { ...tickets, claim, quantity })
    const answers = await Promise.all(Array.from({ length: 30 }, ask))
    t.equal(answers[0]?.length, quantity)
    for (const answer of answers) t.same(answer, answers[0])
  }
  t.equal((await given(pool)).length, 11)
})

test('a pool gives what it has and never more; what came short is given once it is there', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 10)
  await loadCodes(pool, { ...tickets, codes: codes(5) })
  const claims = ['0-1-1', '0-1-2', '0-1-3', '0-1-4']
  const ask = () => Promise.all(claims.map((claim) => assignCodes(pool, { ...tickets, claim, quantity: 2 })))
  t.equal((await ask()).flat().length, 5)
  await loadCodes(pool, { ...tickets, codes: codes(5, 100) })
  const all = await ask()
  for (const one of all) t.equal(one.length, 2)
  t.equal(new Set(all.flat()).size, 8)
  t.same(await assignCodes(pool, { ...tickets, claim: '0-1-9', quantity: 9 }), [...codes(2, 103)])
})

test('a session that Postgres ends while somebody holds it fails what is asked next, and not the process', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  const client = await pool.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const ended = new Promise((resolve) => {
    client.once('end', resolve)
  })
  await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
  await ended
  await t.rejects(client.query('select 1'))
  client.release(true)
  t.equal((await pool.query('select 1')).rowCount, 1)
})
