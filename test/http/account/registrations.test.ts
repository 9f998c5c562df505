import t from 'tap'
import { startMallShop } from '../../support/shop/mall-shop.ts'

const shop = await startMallShop(t)
const { admin } = shop
const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()
const opensAt = Math.floor(Date.now() / 1000) * 1000 - HOUR

await shop.publish({
  id: 'mall',
  title: 'Mall',
  timezone: 'UTC',
  opensAt: iso(opensAt),
  closesAt: iso(opensAt + 24 * HOUR),
  activities: [{ id: 'check-in', kind: 'task', per: 'day', reward: { points: 1 } }]
} as { id: string })

let count = 0
const report = (user: string, body: object, { operator = 'counter', campaign = 'mall' } = {}) =>
  admin(operator, `POST /service/v1/campaigns/${campaign}/users/${encodeURIComponent(user)}/registration`, {
    body: { sourceEventId: `e-${count++}`, ...body }
  })

t.test('a user is new who registered since the opening; what cannot be is old', async (t) => {
  const at = async (registeredAt: unknown) => {
    const { status, body } = await report('ann', { registeredAt })
    return [status, body.new]
  }
  t.strictSame(await at(iso(opensAt)), [200, true], 'at the opening')
  t.strictSame(await at(iso(opensAt - 1)), [200, false], 'a millisecond before it')
  t.strictSame(await at(opensAt / 1000), [200, true], 'seconds, as in tokens')
  t.strictSame(await at(opensAt / 1000 - 1), [200, false])
  t.strictSame(await at(iso(Date.now() + 30_000)), [200, true], 'a clock that is a little ahead')
  t.strictSame(await at(iso(Date.now() + HOUR)), [200, false], 'in the future')
  t.strictSame(await at(Date.now()), [200, false], 'milliseconds that are given as seconds')
  t.strictSame(await at(Number.MAX_SAFE_INTEGER), [200, false])
  t.strictSame(await at('0001-01-01T00:00:00Z'), [200, false])
})

t.test('an event is noted once, and may not tell two things', async (t) => {
  const body = {
    sourceEventId: 'once',
    registeredAt: iso(opensAt + 1),
    source: 'wechat',
    invite: 'ABC',
    share: '0-1-2'
  }
  t.match(await report('auth0|ben', body), { status: 200, body: { registeredAt: iso(opensAt + 1), repeated: false } })
  t.match(await report('auth0|ben', body), { status: 200, body: { new: true, repeated: true } })
  for (const other of [{ source: 'weibo' }, { invite: 'ABD' }, { registeredAt: iso(opensAt + 2) }])
    t.match(await report('auth0|ben', { ...body, ...other }), { status: 409, body: { code: 'CONFLICT' } })
  t.match(await report('cleo', body), { status: 409, body: { code: 'CONFLICT' } }, 'of another user')
  const { rows } = await shop.pool.query("select user_id, origin from registrations where source_event_id = 'once'")
  t.strictSame(rows, [{ user_id: 'auth0|ben', origin: 'wechat' }])
})

t.test('what is no report, and whose it is not, is refused', async (t) => {
  const registeredAt = iso(opensAt)
  for (const [body, pointer] of [
    [{}, '/registeredAt'],
    [{ registeredAt: 'yesterday' }, '/registeredAt'],
    [{ registeredAt: '2026-02-30T00:00:00Z' }, '/registeredAt'],
    [{ registeredAt: -1 }, '/registeredAt'],
    [{ registeredAt, sourceEventId: '' }, '/sourceEventId'],
    [{ registeredAt, invite: 'a b' }, '/invite'],
    [{ registeredAt, share: 'x' }, '/share'],
    [{ registeredAt, user: 'ann' }, '/user']
  ] as const)
    t.match(await report('ann', body), { status: 400, body: { code: 'VALIDATION', errors: [{ pointer }] } }, pointer)
  t.match(await report('ann', { registeredAt }, { campaign: 'elsewhere' }), { status: 404 })
  t.match(await report('ann', { registeredAt }, { operator: 'vera' }), { status: 403 })
})
