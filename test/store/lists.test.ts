import tap, { test } from 'tap'
import { assignCodes, loadCodes } from '../../src/store/campaigns/codes.ts'
import { closeImports, countImports, insertImports, openImports } from '../../src/store/campaigns/imports.ts'
import type { Place } from '../../src/store/connection/list-place.ts'
import { claimsOfUser, claimsWithoutCodes, findClaim, noteCodedClaims } from '../../src/store/reading/claims.ts'
import { balancesOfUser, type LedgerEntry, ledgerOfUser, readBalances } from '../../src/store/reading/ledger.ts'
import { searchWins } from '../../src/store/reading/searches.ts'
import { forgetUnusedDetails, readWinDetails, saveWinDetails } from '../../src/store/reading/win-details.ts'
import { findWin, publicWins, type StoredWin, winsOfUser } from '../../src/store/reading/wins.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(tap)

const EPOCH = 1_700_000_000
const at = (sequence: number) => EPOCH * 1000 + Math.floor(sequence / 4)

test('wins of a user and of a campaign are listed newest first, page by page', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  await pool.query(
    `insert into wins (win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, shard, epoch, sequence,
       won_at, claim_by, updated_at, record)
     select '0-${EPOCH}-' || n, case n % 5 when 0 then 'other' else 'launch' end, case n % 3 when 0 then 'box' else 'wheel' end,
       case n % 2 when 0 then 'alice' else 'bob' end, 'first', '', 1, 'physical',
       case n % 7 when 0 then 'revoked' else 'won' end, 0, ${EPOCH}, n,
       to_timestamp(${EPOCH} + (n / 4) / 1000.0), null, now(), 'record ' || n
     from generate_series(1, 60) n`
  )
  const page = async (list: (before: { at: number; id: string } | undefined) => Promise<StoredWin[]>) => {
    const seen: number[] = []
    for (let before: { at: number; id: string } | undefined; ; ) {
      const wins = await list(before)
      if (wins.length === 0) return seen
      seen.push(...wins.map(({ id }) => Number(id.split('-')[2])))
      before = { at: at(seen.at(-1) ?? 0), id: wins.at(-1)?.id ?? '' }
    }
  }
  const numbers = Array.from({ length: 60 }, (_, index) => 60 - index)
  t.same(
    await page((before) => winsOfUser(pool, 'alice', { before, limit: 7 })),
    numbers.filter((n) => n % 2 === 0)
  )
  t.same(
    await page((before) => winsOfUser(pool, 'alice', { campaign: 'other', before, limit: 2 })),
    numbers.filter((n) => n % 10 === 0)
  )
  const standing = numbers.filter((n) => n % 5 !== 0 && n % 7 !== 0)
  t.same(await page((before) => publicWins(pool, 'launch', { before, limit: 7 })), standing)
  t.same(
    await page((before) => publicWins(pool, 'launch', { draw: 'box', before, limit: 3 })),
    standing.filter((n) => n % 3 === 0)
  )
  t.same(await findWin(pool, `0-${EPOCH}-7`), { id: `0-${EPOCH}-7`, user: 'bob', record: 'record 7' })
  t.equal(await findWin(pool, '0-1-1'), undefined)
})

test('wins of users in several shards are each listed once, also those of one moment, epoch and sequence', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  await pool.query("insert into campaigns (campaign_id, author) values ('launch', 'ada')")
  await pool.query(
    `insert into wins (win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, shard, epoch, sequence,
       won_at, claim_by, updated_at, record)
     select shard || '-${EPOCH}-' || n, 'launch', 'wheel', 'user-' || shard, 'first', '', 1, 'physical', 'won', shard, ${EPOCH}, n,
       to_timestamp(${EPOCH}), null, now(), ''
     from generate_series(1, 3) n, generate_series(0, 11) shard`
  )
  const all = async (list: (page: { before: Place | undefined; limit: number }) => Promise<StoredWin[]>) => {
    const seen: string[] = []
    for (let before: Place | undefined; ; ) {
      const wins = await list({ before, limit: 5 })
      if (wins.length === 0) return seen
      seen.push(...wins.map(({ id }) => id))
      before = { at: EPOCH * 1000, id: seen.at(-1) ?? '' }
    }
  }
  for (const seen of [
    await all((page) => publicWins(pool, 'launch', page)),
    await all((page) => publicWins(pool, 'launch', { ...page, draw: 'wheel' })),
    await all((page) => searchWins(pool, {}, page)),
    await all((page) => searchWins(pool, {}, { ...page, campaign: 'launch' }))
  ]) {
    t.equal(seen.length, 36)
    t.equal(new Set(seen).size, 36)
  }
})

test('a ledger is listed newest first, page by page, also through a decision that moved several balances', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  await pool.query(
    `insert into ledger (shard, epoch, sequence, user_id, scope, unit, campaign_id, activity_id, delta, type, at)
     select 0, ${EPOCH}, n, 'alice', scope, unit, case n % 3 when 0 then 'other' else 'launch' end, 'wheel', n, 'spin.won',
       to_timestamp(${EPOCH} + (n / 4) / 1000.0)
     from generate_series(1, 20) n, (values ('', 'points'), ('launch', 'points'), ('launch', 'chances:wheel')) s(scope, unit)`
  )
  const pages = async (campaign: string | undefined) => {
    const all: LedgerEntry[] = []
    for (;;) {
      const last = all.at(-1)
      const before = last && { ...last, at: last.at.getTime() }
      const page = await ledgerOfUser(pool, 'alice', { campaign, before, limit: 4 })
      if (page.length === 0) return all
      all.push(...page)
    }
  }
  const all = await pages(undefined)
  t.equal(all.length, 60)
  t.equal(new Set(all.map(({ id, scope, unit }) => `${id} ${scope} ${unit}`)).size, 60)
  const sequences = all.map(({ delta }) => delta)
  t.same(
    sequences,
    sequences.toSorted((a, b) => b - a)
  )
  t.equal((await pages('other')).length, 18)
  t.same(all.at(-1), {
    id: `0-${EPOCH}-1`,
    type: 'spin.won',
    campaign: 'launch',
    activity: 'wheel',
    scope: '',
    unit: 'points',
    delta: 1,
    at: new Date(EPOCH * 1000)
  })
})

test('balances are told by user and read as a whole', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  await pool.query(
    `insert into balances (user_id, scope, unit, shard, balance)
     select 'user-' || n, scope, 'points', 0, n from generate_series(1, 6000) n, (values (''), ('launch')) s(scope)`
  )
  t.same(await balancesOfUser(pool, 'user-5'), [
    { scope: '', unit: 'points', balance: 5 },
    { scope: 'launch', unit: 'points', balance: 5 }
  ])
  t.same(await balancesOfUser(pool, 'nobody'), [])
  let sum = 0
  for await (const page of readBalances(pool, 0)) for (const { balance } of page) sum += balance
  t.equal(sum, 6000 * 6001)
  await t.rejects(pool.query("update balances set balance = -1 where user_id = 'user-1'"), { code: '23514' })
})

test('claims that wait for codes are found until they have them', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  await pool.query(
    `insert into claims (claim_id, campaign_id, activity_id, user_id, quantity, unit, cost, pool, shard, epoch, sequence,
       accepted_at, codes_due)
     select '0-${EPOCH}-' || n, 'launch', 'ticket', 'alice', 2, 'points', 500, case n % 2 when 0 then 'tickets' else '' end, 0,
       ${EPOCH}, n, now() - interval '10 s', n % 2 = 0 from generate_series(1, 10) n`
  )
  const waiting = async (after?: Awaited<ReturnType<typeof findClaim>>) =>
    (await claimsWithoutCodes(pool, { shard: 0, seconds: 5, most: 3, after })).map(({ id }) => Number(id.split('-')[2]))
  t.same(await waiting(), [2, 4, 6])
  t.same(await waiting(await findClaim(pool, `0-${EPOCH}-6`)), [8, 10])
  const tickets = { campaign: 'launch', pool: 'tickets' }
  await loadCodes(pool, { ...tickets, codes: ['a', 'b', 'c', 'd', 'e'] })
  await assignCodes(pool, { ...tickets, claim: `0-${EPOCH}-4`, quantity: 2 })
  await assignCodes(pool, { ...tickets, claim: `0-${EPOCH}-6`, quantity: 1 })
  t.equal(await noteCodedClaims(pool, 0, 10), 1)
  t.same(await waiting(), [2, 6, 8], 'one code of two is not enough')
  t.equal((await claimsOfUser(pool, 'alice', { limit: 100 })).length, 10)
  t.match((await claimsOfUser(pool, 'alice', { campaign: 'launch', limit: 1 }))[0], {
    id: `0-${EPOCH}-1`.replace(/1$/, '10'),
    unit: 'points',
    cost: 500,
    pool: 'tickets'
  })
})

test('details belong to the request that claimed the win, and those of refused ones are forgotten', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  const win = `0-${EPOCH}-1`
  await pool.query(
    `insert into wins (win_id, campaign_id, activity_id, user_id, prize_id, sub_prize, tier, type, status, shard, epoch, sequence,
       won_at, updated_at, record)
     values ($1, 'launch', 'wheel', 'alice', 'first', '', 1, 'physical', 'claimed', 0, ${EPOCH}, 1, now(), now(), '')`,
    [win]
  )
  const claimed = { win, key: 'u:key-1', hash: 'right' }
  await saveWinDetails(pool, { ...claimed, hash: 'wrong', details: { address: 'there' } })
  await saveWinDetails(pool, { ...claimed, details: { address: 'here' } })
  await saveWinDetails(pool, { ...claimed, details: { address: 'elsewhere' } })
  t.equal(await readWinDetails(pool, win), undefined, 'nothing is claimed yet')
  t.same(await readWinDetails(pool, win, claimed), { address: 'here' })
  await pool.query(
    `insert into decisions (shard, epoch, sequence, batch, type, user_id, key, hash, campaign_id, activity_id, session_id,
       entity, at, request, adds, puts, record, report)
     values (0, ${EPOCH}, 4, 1, 'win.claimed', 'alice', 'u:key-1', 'right', 'launch', 'wheel', '', '${EPOCH}-1', now(), '{}', '{}',
       '{}', '', '')`
  )
  t.same(await readWinDetails(pool, win), { address: 'here' })
  t.equal((await forgetUnusedDetails(pool, 7)).forgotten, 0)
  t.equal((await forgetUnusedDetails(pool, 0)).forgotten, 1)
  t.same(await readWinDetails(pool, win), { address: 'here' })
})

test('opening balances are taken in once by unit and reference, and closed once', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl)
  const line = (n: number, amount = n) => ({ reference: `r${n}`, user: `user-${n}`, amount })
  const load = (lines: Array<ReturnType<typeof line>>, unit = 'points') =>
    insertImports(pool, { unit, by: 'ops', lines })
  const lines = Array.from({ length: 20_500 }, (_, index) => line(index + 1))
  t.same(await load(lines), { accepted: 20_500, duplicates: 0, differing: 0 })
  t.same(await load([line(1), line(2, 9), line(30_000), line(30_000)]), { accepted: 1, duplicates: 3, differing: 1 })
  t.same(await load([line(1)], 'coins'), { accepted: 1, duplicates: 0, differing: 0 })
  await t.rejects(load([line(40_000, 0)]), { code: '23514' })
  const open = await openImports(pool, { after: 0, most: 3 })
  t.match(open, [{ reference: 'r1', user: 'user-1', amount: 1, unit: 'points' }, { user: 'user-2', amount: 2 }, {}])
  const [first, second, third] = open.map(({ id }) => id)
  await closeImports(pool, [
    { id: first ?? 0, decision: '0-17-1' },
    { id: second ?? 0, refusal: 'LIMIT_REACHED' }
  ])
  await closeImports(pool, [{ id: first ?? 0, refusal: 'NOT_FOUND' }])
  t.same(
    (await openImports(pool, { after: 0, most: 1 })).map(({ id }) => id),
    [third]
  )
  t.same(await countImports(pool, 'points'), { open: 20_499, applied: 1, refused: 1, amount: 1 })
})
