import { randomUUID } from 'node:crypto'
import t from 'tap'
import {
  areLent,
  beginLoan,
  closeLoan,
  deleteLoans,
  loansOfItems,
  type NewLoan,
  onTheirWay,
  openLoans,
  openLoansTo
} from '../../src/store/campaigns/loans.ts'
import { inTransaction } from '../../src/store/connection/transaction.ts'
import { storeLoans } from '../../src/store/projection/loans.ts'
import { firstOpen } from '../../src/store/projection/open-rows.ts'
import type { LoanRow } from '../../src/store/projection/rows.ts'
import { readShardFigures } from '../../src/store/shard/figures.ts'
import { freshDatabase } from '../support/servers/database.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { costOf, noteStatements } from '../support/shop/explained.ts'

const { pool } = await freshDatabase(t, (await sharedServers(t)).databaseUrl, 8)

/** A campaign of its own for each test. */
async function campaign(): Promise<string> {
  const id = `c${randomUUID().slice(0, 8)}`
  await pool.query("insert into campaigns (campaign_id, author) values ($1, 'op')", [id])
  return id
}

const loan = (id: string, [from, to]: readonly [number, number], more: Partial<NewLoan> = {}): NewLoan => ({
  ...{ id: randomUUID(), campaign: id, activity: 'sale', session: 'am', key: `s:${id}:sale`, field: 'am:remaining' },
  ...{ from, to, asked: 5 },
  ...more
})

const begin = (id: string, between: readonly [number, number], more?: Partial<NewLoan>) =>
  beginLoan(pool, loan(id, between, more))

/** What a decision about a loan says. */
const said = (of: NewLoan, lent: number, more: Partial<LoanRow>): LoanRow => ({
  ...{ loan_id: of.id, campaign_id: of.campaign, activity_id: of.activity, session_id: of.session },
  ...{ key: of.key, field: of.field, from_shard: of.from, to_shard: of.to, asked: of.asked, lent },
  ...{ lent_by: null, received_by: null },
  ...more
})

async function project(shard: number, rows: readonly LoanRow[]): Promise<void> {
  const client = await pool.connect()
  await storeLoans(client as never, shard, rows).finally(() => client.release())
}

const lendOf = (of: NewLoan, lent: number) => project(of.from, [said(of, lent, { lent_by: `${of.from}-1-1` })])
const receiptOf = (of: NewLoan, lent: number) => project(of.to, [said(of, lent, { received_by: `${of.to}-1-1` })])

async function rowOf({ id }: NewLoan) {
  const { rows } = await pool.query(
    'select state, lent, lent_by, received_by, closing is not null as closed from loans where loan_id = $1',
    [id]
  )
  return rows[0]
}

const unitsOnTheirWay = async (id: string): Promise<number> =>
  (
    await pool.query(`select coalesce(sum(units), 0)::bigint as units from ${onTheirWay} l where campaign_id = $1`, [
      id
    ])
  ).rows[0].units

t.test('of an item one loan is open between two shards, whichever begins', async (t) => {
  const id = await campaign()
  const begun = await Promise.all([begin(id, [0, 1]), begin(id, [1, 0]), begin(id, [0, 1])])
  t.equal(begun.filter(Boolean).length, 1)
  t.equal(await begin(id, [0, 2]), true, 'another pair')
  t.equal(await begin(id, [1, 0], { session: 'pm', field: 'pm:remaining' }), true, 'another item')
  t.equal(await openLoans(pool, id), 3)
  const [first] = (await openLoansTo(pool, 2)).filter((one) => one.campaign === id)
  t.match(first, { from: 0, asked: 5, lent: null, receivedBy: null, field: 'am:remaining', activity: 'sale' })
  t.ok(await closeLoan(pool, first?.id ?? '', 'void'))
  t.notOk(await closeLoan(pool, first?.id ?? '', 'void'), 'once')
  t.equal(await begin(id, [2, 0]), true, 'as soon as that one is closed')
})

t.test('none is begun while stock of the item is taken away, and none of a campaign that leaves', async (t) => {
  const id = await campaign()
  const intent = (delta: number, field = 'am:remaining') =>
    pool.query(
      `insert into intents (campaign_id, activity_id, user_id, type, puts, adds, request, created_by)
       values ($1, 'sale', '$system', 'campaign.adjusted', '[]', $2, '{}', 'op')`,
      [
        id,
        JSON.stringify([
          ['c:other', 'x', 1],
          [`s:${id}:sale`, field, delta]
        ])
      ]
    )
  await intent(7)
  await intent(-7, 'pm:remaining')
  t.equal(await begin(id, [0, 1]), true, 'others may be open')
  await intent(-1)
  t.equal(await begin(id, [0, 2]), false)
  await pool.query("update intents set state = 'applied', closed_at = now() where campaign_id = $1", [id])
  t.equal(await begin(id, [0, 2]), true)
  await pool.query("insert into archives (campaign_id, sha256, reason, operator) values ($1, '', '', 'op')", [id])
  t.equal(await begin(id, [0, 3]), false)
  await pool.query("update archives set stopped = 'other' where campaign_id = $1", [id])
  t.equal(await begin(id, [0, 3]), true)
  t.equal(await begin('none', [0, 1]), false, 'a campaign that is not there')
})

t.test('a change that is being asked for is not missed, and whoever waits for it holds no connection', async (t) => {
  const id = await campaign()
  await inTransaction(pool, async (client) => {
    await client.query('select from campaigns where campaign_id = $1 for no key update', [id])
    const begun = Array.from({ length: 20 }, (_, shard) => begin(id, [0, shard + 1]))
    const isLocked = "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%no key update%'"
    let isOver = false
    const over = Promise.all(begun).finally(() => {
      isOver = true
    })
    while (!isOver) {
      t.equal((await pool.query(isLocked)).rowCount, 0, 'nobody waits in Postgres')
      // Postgres ends a transaction that does nothing for five seconds
      await client.query('select')
    }
    t.same(new Set(await over), new Set([false]), 'they come again')
    await client.query(
      `insert into intents (campaign_id, activity_id, user_id, type, puts, adds, request, created_by)
       values ($1, 'sale', '$system', 'campaign.adjusted', '[]', $2, '{}', 'op')`,
      [id, JSON.stringify([[`s:${id}:sale`, 'am:remaining', -1]])]
    )
  })
  t.equal(await begin(id, [0, 1]), false)
  await pool.query('delete from intents where campaign_id = $1', [id])
  t.equal(await begin(id, [0, 1]), true)
})

t.test('rows go forward, whichever of the two projections comes first', async (t) => {
  const id = await campaign()
  const [one, two] = [loan(id, [0, 1]), loan(id, [0, 2])]
  for (const each of [one, two]) await beginLoan(pool, each)
  await lendOf(one, 3)
  t.same(await rowOf(one), { state: 'lent', lent: 3, lent_by: '0-1-1', received_by: null, closed: false })
  t.equal(await unitsOnTheirWay(id), 3, 'with nobody')
  await receiptOf(one, 3)
  t.same(await rowOf(one), { state: 'lent', lent: 3, lent_by: '0-1-1', received_by: '1-1-1', closed: false })
  t.equal(await unitsOnTheirWay(id), 0)
  await receiptOf(two, 4)
  t.same(await rowOf(two), { state: 'lent', lent: 4, lent_by: null, received_by: '2-1-1', closed: false })
  t.equal(await unitsOnTheirWay(id), -4, 'the lender still has them in Postgres')
  await closeLoan(pool, two.id, 'received')
  await lendOf(two, 4)
  t.same(await rowOf(two), { state: 'received', lent: 4, lent_by: '0-1-1', received_by: '2-1-1', closed: true })
  t.equal(await unitsOnTheirWay(id), 0)
  t.equal(await openLoans(pool, id), 1, 'nothing but its driver closes one with units')
})

t.test('a lend of nothing closes its loan, and says so once', async (t) => {
  const id = await campaign()
  const one = loan(id, [0, 1])
  await beginLoan(pool, one)
  await lendOf(one, 0)
  t.same(await rowOf(one), { state: 'void', lent: 0, lent_by: '0-1-1', received_by: null, closed: true })
  const closed = await pool.query('select closing from loans where loan_id = $1', [one.id])
  await lendOf(one, 0)
  t.same((await pool.query('select closing from loans where loan_id = $1', [one.id])).rows, closed.rows)
  t.equal(await unitsOnTheirWay(id), 0)
})

t.test('a Postgres that was restored gets the row from either decision', async (t) => {
  const id = await campaign()
  const [one, two, none] = [loan(id, [0, 1]), loan(id, [2, 1]), loan(id, [3, 1])]
  await lendOf(one, 3)
  await receiptOf(two, 2)
  await lendOf(none, 0)
  t.match(await rowOf(one), { state: 'lent', lent: 3, closed: false })
  t.match(await rowOf(two), { state: 'lent', lent: 2, received_by: '1-1-1', closed: false })
  t.match(await rowOf(none), { state: 'void', closed: true })
  const open = (await openLoansTo(pool, 1)).filter((each) => each.campaign === id)
  t.same(open.map((each) => each.lent).sort(), [2, 3])
  await project(5, [said(one, 9, { received_by: '5-1-1' })])
  t.match(await rowOf(one), { received_by: null }, 'a shard that is neither says nothing')
})

t.test('two projections that meet the same loans in another order do not lock each other out', async (t) => {
  const id = await campaign()
  for (let round = 0; round < 20; round += 1) {
    const some = Array.from({ length: 12 }, (_, n) => loan(id, [n % 2, 1 - (n % 2)], { session: `${round}/${n}` }))
    const half = (shard: number) =>
      some.map((one) =>
        said(one, 1, one.from === shard ? { lent_by: `${shard}-1-1` } : { received_by: `${shard}-1-1` })
      )
    await Promise.all([project(0, half(0)), project(1, half(1).reverse())])
  }
  t.equal(await unitsOnTheirWay(id), 0)
  t.equal(await openLoans(pool, id), 240)
})

t.test('whoever looks twice sees that a loan was begun and closed in between', async (t) => {
  const id = await campaign()
  const items = [
    { campaign: id, activity: 'sale', session: 'am' },
    { campaign: id, activity: 'sale', session: 'pm' }
  ]
  const first = await loansOfItems(pool, items)
  t.same(first, [
    { open: 0, closing: 0 },
    { open: 0, closing: 0 }
  ])
  const one = loan(id, [0, 1])
  await beginLoan(pool, one)
  t.match(await loansOfItems(pool, items), [{ open: 1, closing: 0 }, { open: 0 }])
  await closeLoan(pool, one.id, 'received')
  const [am, pm] = await loansOfItems(pool, items)
  t.equal(am?.open, 0)
  t.ok((am?.closing ?? 0) > 0)
  t.same(pm, { open: 0, closing: 0 })
})

t.test('the keys of a loan stay while it is open, and for as long as somebody may have it in a list', async (t) => {
  const id = await campaign()
  const one = loan(id, [0, 1])
  await beginLoan(pool, one)
  const decided = [{ work: 'loans', user: '$system', campaign: id, activity: 'sale', name: one.id }] as const
  t.equal(await firstOpen(pool, decided), 0)
  await closeLoan(pool, one.id, 'received')
  t.equal(await firstOpen(pool, decided), 0)
  await pool.query("update loans set closed_at = now() - interval '11 minutes' where loan_id = $1", [one.id])
  t.equal(await firstOpen(pool, decided), undefined)
  t.equal(await firstOpen(pool, [{ ...decided[0], name: 'no loan' }]), undefined)
})

t.test('the loans of a campaign that left are gone', async (t) => {
  const id = await campaign()
  const one = loan(id, [0, 1])
  await beginLoan(pool, one)
  await closeLoan(pool, one.id, 'received')
  await deleteLoans(pool, id)
  t.equal(await rowOf(one), undefined)
})

t.test('what is asked in every step reads what is open, however many loans are over', async (t) => {
  const id = await campaign()
  const over = (many: number) =>
    pool.query(
      `insert into loans (loan_id, campaign_id, activity_id, session_id, key, field, from_shard, to_shard, asked, lent, lent_by, received_by, state,
         closed_at, closing)
       select gen_random_uuid(), $1, 'sale', 'am', 's:' || $1 || ':sale', 'am:remaining', 0, 1, 1, 1, '0-1-1', '1-1-1', 'received', now(),
         nextval('loans_closings') from generate_series(1, $2)`,
      [id, many]
    )
  const sent = noteStatements()
  const one = loan(id, [0, 1])
  await begin(id, [0, 1])
  await lendOf(one, 2)
  await openLoansTo(pool, 1)
  await loansOfItems(pool, [one])
  await openLoans(pool, id)
  await areLent(pool, id, [one])
  await unitsOnTheirWay(id)
  await readShardFigures(pool)
  const asked = [...sent].filter(([text]) => text.includes('loans'))
  t.ok(asked.length >= 7)
  const costs = async () =>
    new Map(await Promise.all(asked.map(async ([text, values]) => [text, await costOf(pool, text, values)] as const)))
  await over(100)
  await pool.query('analyze loans')
  const few = await costs()
  await over(20_000)
  await pool.query('analyze loans')
  const many = await costs()
  const open = (await pool.query('select 1 from loans where closing is null')).rowCount ?? 0
  for (const [text] of asked) {
    const [before, after] = [few.get(text), many.get(text)]
    if (before && after)
      t.ok(after.rows - before.rows <= open + 25, `${text.replace(/\s+/g, ' ')}: ${JSON.stringify({ before, after })}`)
  }
})

t.test('many loans of a shard that does not answer keep those of another one from nobody', async (t) => {
  const id = await campaign()
  await pool.query(
    `insert into loans (loan_id, campaign_id, activity_id, session_id, key, field, from_shard, to_shard, asked)
     select gen_random_uuid(), $1, 'sale', n::text, 's', n::text, 50, 60, 5 from generate_series(1, 600) n`,
    [id]
  )
  t.ok(await begin(id, [51, 60]))
  const open = await openLoansTo(pool, 60)
  t.equal(open.filter(({ from }) => from === 50).length, 500, 'the oldest of them')
  t.equal(open.at(-1)?.from, 51)
})
