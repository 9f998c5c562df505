import pino from 'pino'
import tap, { test } from 'tap'
import { createCodeAssigner } from '../../../src/http/answering/codes.ts'
import { loadCodes } from '../../../src/store/campaigns/codes.ts'
import { freshDatabase } from '../../support/servers/database.ts'
import { sharedServers } from '../../support/servers/servers.ts'
import { waitFor } from '../../support/wait.ts'

const { databaseUrl } = await sharedServers(tap)
const tickets = { campaign: 'mall', pool: 'tickets' }
const logger = pino({ level: 'silent' })

type Given = ReadonlyArray<readonly string[]>

/** Asks until all have their code: whom Postgres is too slow for gets it when they ask again. */
async function all(ask: () => Promise<readonly Given[]>): Promise<readonly Given[]> {
  let given: readonly Given[] = []
  await waitFor(async () => {
    given = await ask()
    return given.flat().every((codes) => codes.length > 0)
  })
  return given
}

test('many claims at once are served by a few statements, and each gets a code of its own', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 2)
  await loadCodes(pool, { ...tickets, codes: Array.from({ length: 1000 }, (_, index) => `T-${index}`) })
  let statements = 0
  const counted = Object.assign(Object.create(pool), {
    query: (...args: Parameters<typeof pool.query>) => {
      statements += 1
      return pool.query(...args)
    }
  })
  const codes = createCodeAssigner(counted, logger)
  const ask = () =>
    Promise.all(
      Array.from({ length: 500 }, (_, index) => codes.assign({ ...tickets, claim: `0-1-${index}`, quantity: 1 }))
    )
  await Promise.all([ask(), ask()])
  t.ok(statements <= 12, `${statements} statements`)
  const [first, second] = await all(() => Promise.all([ask(), ask()]))
  t.equal(new Set(first?.flat()).size, 500)
  t.same(second, first, 'asked for at the same time, the same')
})

test('while Postgres is away no claim waits behind earlier ones, and later each gets its code', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 2)
  await loadCodes(pool, { ...tickets, codes: Array.from({ length: 300 }, (_, index) => `T-${index}`) })
  let away = true
  let statements = 0
  const flaky = Object.assign(Object.create(pool), {
    query: (...args: Parameters<typeof pool.query>) => {
      statements += 1
      return away ? Promise.reject(new Error('away')) : pool.query(...args)
    }
  })
  const codes = createCodeAssigner(flaky, logger)
  const ask = (claim: string) => codes.assign({ ...tickets, claim, quantity: 1 })
  const claims = Array.from({ length: 250 }, (_, index) => `0-1-${index}`)
  t.same((await Promise.all(claims.map(ask))).flat(), [])
  t.equal(statements, 1)
  away = false
  const [given] = await all(async () => [await Promise.all(claims.map(ask))])
  t.equal(new Set(given?.flat()).size, 250)
})
