import t from 'tap'
import { middayTimezone } from '../support/midday.ts'
import { startMallShop } from '../support/shop/mall-shop.ts'
import { waitFor } from '../support/wait.ts'

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const now = Date.now()
const { admin, ask, publish, pool } = await startMallShop(t)
const prize = { id: 'mug', title: 'Mug', type: 'physical', quota: 1 }
const definition = {
  id: 'play',
  title: 'Play',
  timezone: middayTimezone,
  opensAt: iso(now - 30 * HOUR),
  closesAt: iso(now + HOUR),
  activities: [
    {
      id: 'puzzle',
      kind: 'game',
      title: 'Puzzle',
      attemptsPerDay: 2,
      outcomes: { solved: { points: 5 }, best: { points: 9, prize }, failed: {} },
      onShared: { points: 3 }
    },
    { id: 'sharing', kind: 'share', verifiedBy: 'service', channels: { wechat: {} } },
    { id: 'over', kind: 'game', title: 'Over', closesAt: iso(now - HOUR), outcomes: { solved: { points: 1 } } },
    { id: 'visit', kind: 'task', per: 'day', reward: { points: 1 } }
  ]
}
await publish(definition)

const report = (body: object, game = 'puzzle', operator: 'counter' | 'vera' = 'counter') =>
  admin(operator, `POST /service/v1/campaigns/play/games/${game}/results`, { body })

t.test('a service reports results; each counts once and is answered with what it gave', async (t) => {
  const first = await report({ user: 'ann', sourceEventId: 'r-1', outcome: 'best' })
  t.match(first, {
    status: 201,
    body: {
      outcome: 'confirmed',
      requestId: 'r-1',
      sequence: Number,
      eventId: String,
      result: {
        game: 'puzzle',
        outcome: 'best',
        credited: { points: 9 },
        prize: { id: 'mug', title: 'Mug' },
        win: { status: 'won', claimRequires: ['address'] },
        attemptsLeft: 1,
        balances: { points: 9 }
      }
    }
  })
  const again = await report({ user: 'ann', sourceEventId: 'r-1', outcome: 'failed' })
  t.match(again, { status: 201, headers: { 'idempotent-replayed': 'true' } })
  t.strictSame(again.body, first.body, 'the first stands')
  t.match(await report({ user: 'ben', sourceEventId: 'r-1', outcome: 'best' }), {
    status: 409,
    body: { code: 'CONFLICT' }
  })
  t.match(await report({ user: 'ann', sourceEventId: 'r-2', outcome: 'failed' }), {
    status: 201,
    body: { result: { credited: {}, attemptsLeft: 0 } }
  })
  t.match(await report({ user: 'ann', sourceEventId: 'r-3', outcome: 'solved' }), {
    status: 409,
    body: { code: 'LIMIT_REACHED', scope: 'day', limit: 2 }
  })
  const yesterday = iso(Date.now() - 24 * HOUR)
  const late = await report({ user: 'ann', sourceEventId: 'r-3', outcome: 'solved', occurredAt: yesterday })
  t.match(late, { status: 201, body: { result: { credited: { points: 5 }, attemptsLeft: 1 } } })
  t.not(late.body.result.day, first.body.result.day, 'the day on which it was played')
  t.match((await ask('ann', 'GET /v1/me/wins')).body.items, [{ draw: 'puzzle', prize: { id: 'mug' } }])
  const mine = (await ask('ann', 'GET /v1/campaigns/play/me')).body
  t.match(mine.balances, { points: 14 })
  const standing = mine.activities.find(({ id }: { id: string }) => id === 'puzzle')
  t.match(standing, { attemptsToday: { count: 2, limit: 2, left: 0 } })
})

t.test('what is no result of this game, or was not played in its time, is refused', async (t) => {
  const body = { user: 'cem', sourceEventId: 'c-1', outcome: 'solved' }
  const sloppy = await report({ ...body, outcome: 'sovled' })
  t.match(sloppy, { status: 400, body: { code: 'VALIDATION', errors: [{ pointer: '/outcome' }] } })
  t.match(await report({ ...body, occurredAt: iso(Date.now() + 2 * HOUR) }), {
    status: 400,
    body: { errors: [{ pointer: '/occurredAt' }] }
  })
  t.match(await report({ ...body, occurredAt: iso(now - 40 * HOUR) }), { status: 409, body: { code: 'NOT_STARTED' } })
  t.match(await report(body, 'over'), { status: 410, body: { code: 'ENDED' } })
  const inTime = await report({ ...body, occurredAt: iso(now - 2 * HOUR) }, 'over')
  t.match(inTime, { status: 201, body: { result: { attemptsLeft: null } } }, 'played in time, reported late')
  t.match(await report(body, 'visit'), { status: 404 })
  t.match(await report(body, 'none'), { status: 404 })
  t.match(await report(body, 'puzzle', 'vera'), { status: 403 })
  t.match(await report({ ...body, score: 7 }), { status: 400 })
})

t.test('pages show the outcomes, and the records know the result', async (t) => {
  for (const path of ['', '/rules']) {
    const { activities } = (await ask('ann', `GET /v1/campaigns/play${path}`)).body
    const shown = activities.find(({ id }: { id: string }) => id === 'puzzle')
    t.match(shown, {
      attemptsPerDay: 2,
      outcomes: { solved: { points: 5 }, best: { points: 9, prize: { id: 'mug', quota: 1 } }, failed: {} }
    })
  }
  const stored = async () => {
    const { rows } = await pool.query("select 1 from decisions where type = 'game.completed'")
    return rows.length === 4
  }
  await waitFor(stored, { what: 'four results to be stored' })
  const { rows } = await pool.query('select user_id, count(*)::int as events from game_sources group by 1 order by 1')
  t.match(rows, [
    { user_id: 'ann', events: 3 },
    { user_id: 'cem', events: 1 }
  ])
})

t.test('a verified share of a result gives its reward, once a day; a voided share takes it back', async (t) => {
  const points = async (user: string) => (await ask(user, 'GET /v1/campaigns/play/me')).body.balances.points
  const share = async (user: string, id = 'puzzle') => {
    const body = { channel: 'wechat', subject: { type: 'result', id } }
    const answer = await ask(user, 'POST /v1/campaigns/play/shares', { body })
    t.equal(answer.status, 201)
    return answer.body.share.id as string
  }
  for (const id of ['visit', 'sharing', 'play', 'none']) {
    const body = { channel: 'wechat', subject: { type: 'result', id } }
    const refusal = { status: 400, body: { errors: [{ pointer: '/subject/id' }] } }
    t.match(await ask('ann', 'POST /v1/campaigns/play/shares', { body }), refusal, `${id} is no game`)
  }
  const credits = async () =>
    (await pool.query("select user_id, state from credits where role = 'puzzle/shared' order by cause")).rows
  const verify = async (id: string) => {
    const path = `POST /service/v1/campaigns/play/shares/${id}/verification`
    const answer = await admin('counter', path, { body: { sourceEventId: `genuine-${id}`, verified: true } })
    t.equal(answer.status, 200)
  }
  const first = await share('ann')
  const never = await share('ann')
  await verify(await share('zoe'))
  await verify(await share('ann', 'over'))
  await verify(first)
  await waitFor(async () => (await points('ann')) === 17, { what: 'the reward for sharing' })
  await verify(first)
  await verify(await share('ann'))
  const settled = async () => (await credits()).filter(({ state }) => state === 'done').length === 2
  await waitFor(settled, { what: 'the second share to be decided' })
  t.equal(await points('ann'), 17, 'once a day')
  const causes = (await pool.query("select cause from credits where role = 'puzzle/shared'")).rows
  t.notOk(
    causes.some(({ cause }) => cause === never),
    'nothing for what nobody verified'
  )
  t.notOk(
    (await credits()).some(({ user_id }) => user_id === 'zoe'),
    'who never played has no result'
  )
  const voided = await admin('olga', `DELETE /admin/v1/campaigns/play/shares/${first}`)
  t.equal(voided.status, 200)
  await waitFor(async () => (await points('ann')) === 14, { what: 'the reward to be taken back' })

  await report({ user: 'dora', sourceEventId: 'd-1', outcome: 'solved' })
  const gone = await share('dora')
  await verify(gone)
  t.equal((await admin('olga', `DELETE /admin/v1/campaigns/play/shares/${gone}`)).status, 200)
  const stands = await share('dora')
  await verify(stands)
  const given = async (cause: string) => {
    const row = "select state from credits where cause = $1 and role = 'puzzle/shared' and not voided"
    return (await pool.query(row, [cause])).rows
  }
  await waitFor(async () => (await given(stands)).length === 1, { what: 'the verification of both to be followed' })
  t.strictSame(await given(gone), [], 'nothing for a share that was voided at once')
})
