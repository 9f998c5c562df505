import { middayTimezone } from '../support/midday.ts'

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()

/** A campaign in which users share and are helped; only who was helped buys the phone. @param now ms since 1970 */
export const growthCampaign = (id: string, now: number) => ({
  id,
  title: { en: 'Growth', 'zh-CN': '增长' },
  description: 'Share and be helped',
  timezone: middayTimezone,
  opensAt: iso(now - HOUR),
  closesAt: iso(now + HOUR),
  units: { stars: { scope: 'campaign' } },
  activities: [
    {
      id: 'phone',
      kind: 'sale',
      title: { en: 'Phone', 'zh-CN': '手机' },
      description: 'A new phone',
      image: 'https://shop.example/phone.png',
      price: 299900,
      currency: 'CNY',
      payWithinSeconds: 3600,
      requires: { entitlement: 'helped' },
      sessions: [{ id: 'am', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 5 }]
    },
    {
      id: 'case',
      kind: 'sale',
      title: 'Case',
      price: 100,
      currency: 'CNY',
      sessions: [{ id: 'am', opensAt: iso(now - HOUR), closesAt: iso(now + HOUR), stock: 50 }]
    },
    {
      id: 'sharing',
      kind: 'share',
      link: 'https://shop.example/s/{share}',
      verifiedBy: 'visit',
      channels: { wechat: { reward: { points: 2 }, perDay: 1 }, community: {}, weibo: { reward: { points: 7 } } }
    },
    {
      id: 'help',
      kind: 'assist',
      helperPerDay: 3,
      helper: { reward: { stars: 1 } },
      thresholds: [
        { count: 3, reward: { entitlement: 'helped' } },
        { count: 2, reward: { points: 100 } }
      ]
    },
    {
      id: 'known',
      kind: 'task',
      per: 'campaign',
      goal: { counter: 'share.verified', count: 1 },
      reward: { stars: 5 }
    },
    {
      id: 'loved',
      kind: 'task',
      per: 'campaign',
      goal: { counter: 'assist.received', count: 3 },
      reward: { stars: 7 }
    },
    { id: 'sharers', kind: 'board', metric: 'shares' }
  ]
})
