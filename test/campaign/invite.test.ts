import t from 'tap'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { compileActivity } from '../../src/campaign/definition/compile.ts'
import { kindOf } from '../../src/campaign/kinds/index.ts'
import { aDraw, aTask } from './example-kinds.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const friends = {
  id: 'friends',
  kind: 'invite',
  title: 'Friends',
  link: 'https://shop.example/join?c={code}',
  newUsers: true,
  qualifiesOn: 'paid:phone',
  inviter: { on: 'qualified', reward: { points: 10, chances: { wheel: 1 } } },
  invitee: { on: 'accepted', reward: { entitlement: 'vip' } },
  perInviter: { day: 10, campaign: 100 }
}
const check = (...invites: object[]) =>
  checkDefinition(
    exampleDefinition({
      units: { points: { scope: 'account' } },
      activities: [exampleSale(), aTask(), aDraw({ chances: { daily: 1, extraPerDay: 3 } }), ...invites]
    })
  )
const errorsOf = (changes: object) => {
  const checked = check({ ...friends, ...changes })
  return checked.ok ? [] : checked.errors.map(({ pointer }) => pointer.replace('/activities/3', ''))
}

t.test('a definition becomes rules and fields of the gate, and the rules a definition again', async (t) => {
  const checked = check(friends)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const activity = checked.rules.activities.find(({ id }) => id === 'friends')
  if (!activity) throw new Error('no invitations')
  t.match(kindOf(activity).definition(activity), friends)
  const puts = compileActivity(checked.rules, activity).map(([, field, value]) => [field, value])
  t.match(Object.fromEntries(puts), {
    kind: 'invite',
    qualifies: 'inviter',
    'per_campaign:code': '1',
    'per_campaign:accept': '1',
    'per_day:inviter': '10',
    'per_campaign:inviter': '100',
    'reward:inviter': /^points b:points 10 0 0,chances:wheel /,
    'reward:invitee': /^entitlement:vip /
  })
})

t.test('what an invitation names has to be there, and there is one in a campaign', async (t) => {
  for (const fine of ['registration', 'task:check-in', 'participation:phone', 'participation:wheel'])
    t.strictSame(errorsOf({ qualifiesOn: fine }), [], fine)
  for (const wrong of ['order', 'task:phone', 'task:', 'paid:wheel', 'participation:nothing', 'participation:friends'])
    t.strictSame(errorsOf({ qualifiesOn: wrong }), ['/qualifiesOn'], wrong)
  t.strictSame(errorsOf({ link: 'https://shop.example/' }), ['/link'])
  t.strictSame(errorsOf({ link: 'javascript:{code}' }), ['/link'])
  t.strictSame(errorsOf({ inviter: { on: 'qualified', reward: { stars: 1 } } }), ['/inviter/reward/stars'])
  t.strictSame(errorsOf({ invitee: { on: 'later', reward: { points: 1 } } }), ['/invitee/on'])
  t.strictSame(errorsOf({ perInviter: {} }), ['/perInviter'])
  t.strictSame(errorsOf({ inviter: undefined }), ['/perInviter'])
  const two = check(friends, { ...friends, id: 'others' })
  t.match(two, { ok: false, errors: [{ pointer: '/activities/4/kind' }] })
})
