/** The example of the contract as a definition, with one sale; `changes` go over it. */
export function exampleDefinition(changes: Record<string, unknown> = {}) {
  return {
    id: 'launch',
    title: 'New phone',
    timezone: 'Asia/Shanghai',
    opensAt: '2026-11-11T00:00:00+08:00',
    closesAt: '2026-11-12T00:00:00+08:00',
    admission: { ratePerSecond: 20000, burst: 40000 },
    limits: { unitsPerUser: 2 },
    units: { points: { scope: 'account' } },
    policies: { releasedOrderReturnsLimit: true, returnRestocks: false, cancellable: 'unpaid' },
    activities: [exampleSale()],
    ...changes
  }
}

/** The sale of the example: two sessions, morning and evening of 2026-11-11 in Shanghai. */
export function exampleSale(changes: Record<string, unknown> = {}) {
  return {
    id: 'phone',
    kind: 'sale',
    sku: 'PH-1',
    title: { en: 'Phone', 'zh-CN': '手机' },
    category: 'digital',
    sort: 1,
    listPrice: 399900,
    price: 299900,
    currency: 'CNY',
    unitsPerUser: 1,
    payWithinSeconds: 900,
    shipWithin: { businessDays: 7, from: 'campaignEnd' },
    requires: { entitlement: 'vip' },
    sessions: [
      { id: 'am', opensAt: '2026-11-11T10:00:00+08:00', closesAt: '2026-11-11T10:10:00+08:00', stock: 1000 },
      {
        id: 'pm',
        opensAt: '2026-11-11T15:00:00+08:00',
        closesAt: '2026-11-11T15:10:00+08:00',
        stock: 500,
        unitsPerUser: 1
      }
    ],
    ...changes
  }
}
