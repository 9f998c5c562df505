import t from 'tap'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { compileActivity } from '../../src/campaign/definition/compile.ts'
import { definitionOf } from '../../src/campaign/definition/rules.ts'

const share = {
  id: 'sharing',
  kind: 'share',
  link: 'https://shop.example/s/{share}',
  verifiedBy: 'visit',
  channels: { wechat: { reward: { points: 2 }, perDay: 3 }, sms: {} }
}

const assist = {
  id: 'help',
  kind: 'assist',
  thresholds: [
    { count: 3, reward: { entitlement: 'vip' } },
    { count: 2, reward: { points: 5 } }
  ],
  helperPerDay: 4,
  helper: { reward: { points: 1 } }
}

const campaign = (...activities: object[]) => ({
  id: 'c',
  title: 'C',
  timezone: 'UTC',
  opensAt: '2026-11-28T00:00:00Z',
  closesAt: '2026-11-29T00:00:00Z',
  activities
})

const errorsOf = (...activities: object[]) => {
  const checked = checkDefinition(campaign(...activities))
  return checked.ok ? [] : checked.errors.map(({ pointer }) => pointer)
}

t.test('shares and assists are read, compiled and written back', async (t) => {
  const checked = checkDefinition(campaign(share, assist))
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const { rules } = checked
  t.match(rules.activities, [
    { attributionHours: 72, subjects: ['goods', 'campaign', 'experience', 'result'] },
    { newUsers: false, withinHours: 0, thresholds: [{ count: 2 }, { count: 3 }] }
  ])
  const fieldsOf = (index: number) => {
    const activity = rules.activities[index]
    return activity && Object.fromEntries(compileActivity(rules, activity).map(([, field, value]) => [field, value]))
  }
  t.match(fieldsOf(0), {
    'reward:wechat': 'points b:points 2 0 0',
    'per_day:wechat': '3',
    'reward:sms': '',
    reward: ''
  })
  t.match(fieldsOf(1), {
    reward: 'points b:points 1 0 0',
    per_day: '4',
    'reward:2': 'points b:points 5 0 0',
    'reward:3': 'entitlement:vip e:c/vip 1 0 0'
  })
  const again = checkDefinition(definitionOf(rules))
  t.same(again.ok && again.rules.activities, rules.activities, 'nothing is lost on the way back')
})

t.test('what cannot be meant is refused', async (t) => {
  t.same(errorsOf(share, { ...share, id: 'more' }), ['/activities/1/kind'], 'one of a kind in a campaign')
  t.same(errorsOf(share, assist, { ...assist, id: 'more' }), ['/activities/2/kind'])
  t.same(errorsOf({ ...share, link: 'https://shop.example/' }), ['/activities/0/link'])
  t.same(errorsOf({ ...share, subjects: ['people'] }), ['/activities/0/subjects/0'])
  t.same(errorsOf({ ...share, channels: {} }), ['/activities/0/channels'])
  t.same(errorsOf({ ...share, channels: { sms: { reward: { gold: 1 } } } }), ['/activities/0/channels/sms/reward/gold'])
  const twice = [assist.thresholds[0], assist.thresholds[0]]
  t.same(errorsOf(share, { ...assist, thresholds: twice }), ['/activities/1/thresholds/1/count'])
  t.same(errorsOf(share, { ...assist, helper: {} }), ['/activities/1/helper/reward'])
})
