import tap, { test } from 'tap'
import { UnavailableError } from '../../../src/base/errors.ts'
import { rulesOf } from '../../../src/campaign/definition/rules.ts'
import type { BoardReader } from '../../../src/gate/boards/board-reader.ts'
import { freezePeriod } from '../../../src/worker/boards/freeze.ts'
import { aCampaign, aCatalogue, bearer, publicApp } from '../../support/http/http-app.ts'
import { freshDatabase } from '../../support/servers/database.ts'
import { sharedServers } from '../../support/servers/servers.ts'
import { aBoard, bought, count, NOON } from '../../support/shop/board.ts'

const { databaseUrl } = await sharedServers(tap)
const url = '/v1/campaigns/c/leaderboards/top'

/** A campaign `c` with the board `top`, as gateways know it. */
function aRace() {
  const { definition, ...rest } = aCampaign()
  const top = { id: 'top', kind: 'board' as const, metric: 'units' as const, top: [{ upTo: 1, title: 'First' }] }
  const race = {
    ...definition,
    id: 'c',
    opensAt: new Date(NOON - 3_600_000).toISOString(),
    closesAt: new Date(NOON + 86_400_000).toISOString(),
    activities: [top]
  }
  return { ...rest, id: 'c', definition: race, rules: rulesOf(race) }
}

/** Ranks as Redis would have them, and how often they were asked for; away while `isAway`. */
function someRanks(stand: { readonly token: string; readonly version: number }) {
  const state = { isAway: false, asked: 0 }
  const read = async () => {
    state.asked += 1
    if (state.isAway) throw new UnavailableError('Redis did not answer')
    const users = ['ann', 'ben', 'cem'].map((user, index) => ({ rank: index + 1, user, score: 9 - index }))
    return { stand: { ...stand, user: '', asOf: NOON }, users }
  }
  const reader: BoardReader = { top: read, around: read, close: () => {} }
  return { state, reader }
}

test('a board is read once a second for all who ask, and is not shown while Redis has none', async (t) => {
  const { pool } = await freshDatabase(t, databaseUrl, 4)
  await count(pool, aBoard(), [bought({ user: 'ann', units: 9, at: 0 })])
  const { rows } = await pool.query<{ token: string }>('select token from board_periods')
  const { state, reader } = someRanks({ token: rows[0]?.token ?? '', version: 1 })
  let now = NOON
  const { app } = await publicApp(t, { pool, boards: reader, catalogue: aCatalogue([aRace()]), now: () => now })
  const ask = (query = '', headers: Record<string, string> = {}) => app.inject({ url: `${url}${query}`, headers })

  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(`?limit=${index + 1}`)))
  t.same([...new Set(answers.map(({ statusCode }) => statusCode))], [200])
  t.equal(state.asked, 1, 'boards of every length are one reading')
  t.strictSame(answers[1]?.json(), {
    board: 'top',
    metric: 'units',
    period: 'campaign',
    asOf: new Date(NOON).toISOString(),
    frozen: false,
    items: [
      { rank: 1, score: 9, title: 'First', user: 'a***' },
      { rank: 2, score: 8, user: 'b***' }
    ],
    me: null
  })
  t.match((await ask('', { authorization: bearer('ben') })).json().me, {
    rank: 2,
    neighbours: [{ rank: 1 }, { rank: 3 }]
  })
  t.equal((await ask('', { authorization: bearer('eve') })).json().me, null)

  state.isAway = true
  now += 1001
  for (const headers of [{}, { authorization: bearer('ben') }]) {
    const away = await ask('', headers)
    t.equal(away.statusCode, 503, 'also where it was known a second ago: nobody could tell how old it is')
    t.match(away.json(), { code: 'UNAVAILABLE' })
  }
  await freezePeriod({ pool, award: async () => {} }, { campaign: 'c', board: aBoard().board, period: 'campaign' })
  now += 1001
  const final = await ask('', { authorization: bearer('ann') })
  t.match(final.json(), {
    frozen: true,
    items: [{ rank: 1, user: 'a***' }],
    me: { rank: 1, title: 'First', neighbours: [] }
  })
})

test('without Postgres nobody knows whether a board is final, so it is not shown', async (t) => {
  const { reader } = someRanks({ token: 'x', version: 1 })
  const { app } = await publicApp(t, { boards: reader, catalogue: aCatalogue([aRace()]), now: () => NOON })
  t.match((await app.inject(url)).json(), { code: 'UNAVAILABLE' })
})
