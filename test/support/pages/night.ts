const HOUR_MS = 3_600_000

/** A sale of 1,000 phones, a draw that all but surely gives a cup, a task, and a board of its points. @param now ms since 1970 */
export function nightCampaign(now: number) {
  const window = {
    opensAt: new Date(now - HOUR_MS).toISOString(),
    closesAt: new Date(now + 24 * HOUR_MS).toISOString()
  }
  return {
    id: 'night',
    title: 'The long night',
    timezone: 'Asia/Shanghai',
    ...window,
    units: { points: { scope: 'campaign' } },
    activities: [
      {
        id: 'phone',
        kind: 'sale',
        title: 'Phone',
        price: 399_900,
        currency: 'CNY',
        unitsPerUser: 1,
        sessions: [{ id: 'all', ...window, stock: 1000 }]
      },
      {
        id: 'wheel',
        kind: 'draw',
        title: 'Wheel',
        chances: { daily: 3 },
        fallback: 'none',
        prizes: [
          { id: 'cup', tier: 1, title: 'Cup', type: 'physical', quota: 50, weight: 999_999, claimWithinDays: 7 },
          { id: 'voucher', tier: 2, title: 'Voucher', type: 'coupon', pool: 'vouchers', quota: 10, weight: 1 },
          { id: 'none', tier: 9, title: 'Thank you', type: 'nothing', quota: null, weight: 1 }
        ]
      },
      { id: 'check-in', kind: 'task', title: 'Check in', per: 'campaign', reward: { points: 10 } },
      { id: 'top', kind: 'board', title: 'Top', metric: 'points', period: 'campaign', top: [{ upTo: 3, title: 'Owl' }] }
    ]
  }
}
