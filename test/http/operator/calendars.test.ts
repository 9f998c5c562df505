import t from 'tap'
import type { Rules } from '../../../src/campaign/definition/rules.ts'
import { HOUR, iso, openDefinition } from '../../campaign/at-the-gate.ts'
import { aTask } from '../../campaign/example-kinds.ts'
import { startMallShop } from '../../support/shop/mall-shop.ts'

const { admin, adminApp, pool, publish, publicApp } = await startMallShop(t)

/** Saves a calendar, or a definition, as ada. */
const put = (path: string, body: object) => admin('ada', `PUT /admin/v1${path}`, { body })

const now = Date.now()
const day = (later: number) => iso(now + later * 24 * HOUR).slice(0, 10)

t.test('a calendar is saved by an admin, read by everybody, and audited', async (t) => {
  const path = '/admin/v1/calendars/cn'
  t.match(await admin('vera', `GET ${path}`), { status: 404, body: { code: 'NOT_FOUND' } })
  const lists = { holidays: ['2027-10-02', '2027-10-01'], workdays: ['2027-10-09'] }
  t.match(await admin('olga', `PUT ${path}`, { body: lists }), { status: 403 })
  const sorted = { ...lists, holidays: ['2027-10-01', '2027-10-02'] }
  t.match(await put('/calendars/cn?reason=as+published', lists), {
    status: 201,
    body: { id: 'cn', version: 1, ...sorted }
  })
  t.match(await put('/calendars/cn', lists), { status: 200, body: { version: 1 } }, 'the same lists again')
  const more = { ...sorted, holidays: [...sorted.holidays, '2027-10-04'] }
  const putAt = async (etag: string) => {
    const key = `at-version-${etag.replaceAll('"', '')}`
    const headers = { authorization: 'Bearer token-of-ada', 'idempotency-key': key, 'if-match': etag }
    const reply = await adminApp.inject({ method: 'PUT', url: path, headers, payload: more })
    return { status: reply.statusCode, body: reply.json() }
  }
  t.match(await putAt('"9.0"'), { status: 412, body: { code: 'VERSION_MISMATCH', version: 1 } })
  t.match(await putAt('"1.0"'), { status: 200, body: { version: 2 } })
  t.match(await admin('vera', `GET ${path}`), { status: 200, body: { version: 2, ...more } })
  const { body } = await admin('vera', 'GET /admin/v1/audit?target=calendar:cn')
  t.match(body.items, [
    { action: 'calendar.saved', operator: 'ada', before: sorted, after: more },
    { action: 'calendar.saved', reason: 'as published', before: null, after: sorted }
  ])
  t.equal(body.items.length, 2)
  const refused = await put('/calendars/cn', { holidays: ['2027-10-09'], workdays: ['2027-10-09', '2027-02-30'] })
  t.match(refused, {
    status: 400,
    body: { code: 'VALIDATION', errors: [{ pointer: '/workdays/0' }, { pointer: '/workdays/1' }] }
  })
  t.match(await put('/calendars/cn', { days: [] }), { status: 400, body: { errors: [{ pointer: '/days' }] } })
  t.notOk(publicApp.hasRoute({ method: 'GET', url: '/admin/v1/calendars/:calendar' }))
  t.ok(adminApp.hasRoute({ method: 'GET', url: '/admin/v1/calendars/:calendar' }))
})

t.test('a campaign that names a calendar gets a copy at its publication, and keeps it', async (t) => {
  const shipWithin = { businessDays: 1, from: 'acceptance' }
  const definition = openDefinition('kept', { shipWithin }, { calendar: 'here' })
  t.match(await put('/campaigns/kept', { ...definition, title: 5 }), {
    status: 400,
    body: { errors: [{ pointer: '/calendar', detail: /there is no calendar "here"/ }, { pointer: '/title' }] }
  })
  const holidays = [day(1), day(2), day(3)]
  await put('/calendars/here', { holidays })
  t.match(await put('/campaigns/kept?dryRun=true', definition), {
    status: 200,
    body: { warnings: [{ pointer: '/activities/0', detail: /the calendar ends with/ }] }
  })
  await publish(definition)
  const saved = await admin('ada', 'GET /admin/v1/campaigns/kept')
  t.match(saved.body, { definition: { calendar: 'here' }, inForce: { definition: { calendar: { holidays } } } })
  const rules = async () =>
    (await pool.query('select rules from campaigns where campaign_id = $1', ['kept'])).rows[0].rules as Rules
  const before = await rules()
  t.same(before.calendar, { holidays, workdays: [] })

  await put('/calendars/here', { holidays: [], workdays: [] })
  t.same(await rules(), before, 'nothing of it moved')
  const grown = { ...definition, activities: [...definition.activities, aTask()] }
  t.match(await put('/campaigns/kept?dryRun=true', grown), { body: { conflicts: [] } })
  await publish(grown)
  t.same((await rules()).calendar, before.calendar, 'a later version that names it keeps the copy')
  const other = { ...grown, calendar: { holidays: [day(1)] } }
  t.match(await put('/campaigns/kept?dryRun=true', other), {
    body: { conflicts: [{ pointer: '/calendar' }] }
  })
  const page = await publicApp.inject({ url: '/v1/campaigns/kept/rules' })
  t.same(page.json().calendar, { holidays, workdays: [] })
})

t.test('an end that is moved beyond the calendar is warned of, as a publication is', async (t) => {
  const shipWithin = { businessDays: 1, from: 'campaignEnd' }
  const calendar = { holidays: [day(20)] }
  const definition = openDefinition('longer', { shipWithin }, { calendar })
  await publish(definition)
  const patch = (path: string, body: object, key?: string) =>
    admin('olga', `PATCH /admin/v1/campaigns/longer${path}`, {
      body: { reason: 'a test', ...body },
      ...(key && { key })
    })
  const near = await patch('', { closesAt: iso(Date.now() + 2 * 24 * HOUR) })
  t.equal(near.status, 200)
  t.notOk('warnings' in near.body)
  const far = { closesAt: iso(Date.now() + 30 * 24 * HOUR) }
  const warnings = [{ pointer: '/activities/0', detail: /the calendar ends with/ }]
  const moved = await patch('', far, 'moved-far')
  t.match(moved, { status: 200, body: { outcome: 'confirmed', warnings } })
  t.same((await patch('', far, 'moved-far')).body.warnings, moved.body.warnings, 'a retry is told the same')
  t.notOk('warnings' in (await patch('', { limits: { unitsPerUser: 2 } })).body)
  const [sale] = definition.activities
  const [session] = sale?.sessions ?? []
  const stocked = await patch(`/activities/${sale?.id}`, { addStock: 1, session: session?.id })
  t.match(stocked, { status: 200, body: { warnings } })
  const second = { ...definition, activities: [...definition.activities, aTask()], closesAt: far.closesAt }
  t.match(await put('/campaigns/longer?dryRun=true', second), { body: { warnings } })
})
