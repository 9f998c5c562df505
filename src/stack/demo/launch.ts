import { type DemoDefinition, demoWindow } from './window.ts'

/** A sale week: a phone on sale all the time, and earbuds on sale twice a day. @param now ms since 1970 */
export function launch(id: string, now: number): DemoDefinition {
  const { opensAt, closesAt } = demoWindow(now)
  return {
    id,
    title: { en: 'Launch week', 'zh-CN': '首发周' },
    description: { en: 'The demo campaign of the local stack.', 'zh-CN': '本地演示活动。' },
    timezone: 'Asia/Shanghai',
    opensAt,
    closesAt,
    admission: { ratePerSecond: 20_000, burst: 40_000 },
    policies: { releasedOrderReturnsLimit: true, returnRestocks: false, cancellable: 'unpaid' },
    activities: [
      {
        id: 'phone',
        kind: 'sale',
        sku: 'PH-1',
        title: { en: 'Phone', 'zh-CN': '手机' },
        category: 'digital',
        sort: 1,
        listPrice: 399_900,
        price: 299_900,
        currency: 'CNY',
        unitsPerUser: 1,
        payWithinSeconds: 900,
        shipWithin: { businessDays: 7, from: 'campaignEnd' },
        sessions: [{ id: 'all-day', opensAt, closesAt, stock: 1000 }]
      },
      {
        id: 'earbuds',
        kind: 'sale',
        sku: 'EB-1',
        title: { en: 'Earbuds', 'zh-CN': '耳机' },
        category: 'digital',
        sort: 2,
        listPrice: 49_900,
        price: 29_900,
        currency: 'CNY',
        unitsPerUser: 2,
        payWithinSeconds: 900,
        daily: [
          { from: '10:00', to: '14:00', stock: 200 },
          { from: '20:00', to: '22:00', stock: 200 }
        ]
      },
      {
        id: 'remind',
        kind: 'reservation',
        title: { en: 'Remind me', 'zh-CN': '预约提醒' },
        sort: 3,
        of: 'earbuds',
        remindMinutes: 10
      }
    ]
  }
}
