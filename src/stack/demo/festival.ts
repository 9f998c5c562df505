import { sharingAndHelp } from './sharing.ts'
import { type DemoDefinition, demoWindow, SHOP } from './window.ts'

/** A box for who won the right to buy it, and a badge for who has a ticket. */
function salesOf(window: ReturnType<typeof demoWindow>): object[] {
  return [
    {
      id: 'box',
      kind: 'sale',
      sku: 'BX-1',
      title: { en: 'Festival box', 'zh-CN': '狂欢礼盒' },
      category: 'limited',
      sort: 3,
      listPrice: 19_900,
      price: 9900,
      currency: 'CNY',
      unitsPerUser: 1,
      levelDiscount: true,
      payWithinSeconds: 900,
      requires: { entitlement: 'vip' },
      sessions: [{ id: 'all-day', ...window, stock: 100 }]
    },
    {
      id: 'badge',
      kind: 'sale',
      title: { en: 'Festival badge', 'zh-CN': '狂欢徽章' },
      category: 'limited',
      sort: 3,
      price: 100,
      currency: 'CNY',
      unitsPerUser: 1,
      payWithinSeconds: 900,
      requires: { ticket: true },
      sessions: [{ id: 'all-day', ...window, stock: 50 }]
    }
  ]
}

/**
 * A campaign that combines kinds: a task gives points, points buy spins, a prize is the right to buy from a small sale, a doubler
 * card makes tomorrow's task worth twice as much, and a badge is sold to whoever has a ticket for it. @param now ms since 1970
 */
export function festival(id: string, now: number, shop = SHOP): DemoDefinition {
  const window = demoWindow(now)
  return {
    id,
    title: { en: 'Festival', 'zh-CN': '狂欢节' },
    description: { en: 'Win the right to buy.', 'zh-CN': '赢取购买资格。' },
    timezone: 'Asia/Shanghai',
    ...window,
    calendar: { holidays: [new Date(now + 7 * 86_400_000).toISOString().slice(0, 10)], workdays: [] },
    admission: { ratePerSecond: 20_000, burst: 40_000 },
    limits: { unitsPerUser: 3 },
    levels: [
      { id: 1, when: { points: 30 }, privileges: { discountPercent: 5 } },
      {
        id: 2,
        when: { points: 100 },
        privileges: { earlySeconds: 600, extraUnits: 1, discountPercent: 10, flags: ['priority-support'] }
      }
    ],
    activities: [
      {
        id: 'stamp',
        kind: 'task',
        title: { en: 'Collect a stamp', 'zh-CN': '集印章' },
        sort: 1,
        per: 'day',
        reward: { points: 30 },
        streak: [{ days: 5, reward: { points: 100 } }],
        streakOn: 'workdays'
      },
      {
        id: 'capsules',
        kind: 'draw',
        title: { en: 'Capsules', 'zh-CN': '扭蛋' },
        sort: 2,
        cost: { points: 10 },
        limits: { perDay: 10 },
        fallback: 'points',
        prizes: [
          {
            id: 'vip',
            tier: 1,
            title: 'The right to buy',
            type: 'eligibility',
            quota: 200,
            weight: 30,
            guaranteedAfter: 6
          },
          { id: 'double', tier: 2, title: 'Points doubler', type: 'doubler', quota: null, weight: 10 },
          {
            id: 'points',
            tier: 9,
            title: 'A few points',
            type: 'points',
            quota: null,
            weight: 60,
            subPrizes: [
              { id: 'two', title: '2 points', weight: 3, reward: { points: 2 } },
              { id: 'five', title: '5 points', weight: 1, reward: { points: 5 } }
            ]
          },
          {
            id: 'empty',
            tier: 10,
            title: { en: 'An empty capsule', 'zh-CN': '空扭蛋' },
            type: 'nothing',
            quota: null,
            weight: 40
          }
        ]
      },
      ...sharingAndHelp(id, shop),
      ...salesOf(window)
    ]
  }
}
