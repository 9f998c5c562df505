const HOUR_MS = 3_600_000

/** What operators have to do with: two sales, a draw that all but surely gives a cup, and a shop of points with codes. @param now ms since 1970 */
export function actsCampaign(now: number) {
  const window = {
    opensAt: new Date(now - HOUR_MS).toISOString(),
    closesAt: new Date(now + 24 * HOUR_MS).toISOString()
  }
  const sale = { kind: 'sale', currency: 'CNY', payWithinSeconds: 86_400, unitsPerUser: 2 }
  return {
    id: 'acts',
    title: 'Acts',
    timezone: 'Asia/Shanghai',
    ...window,
    units: { points: { scope: 'campaign' } },
    policies: { rewardRelease: 'review' },
    activities: [
      { ...sale, id: 'phone', title: 'Phone', price: 299_900, sessions: [{ id: 'all', ...window, stock: 100 }] },
      { ...sale, id: 'case', title: 'Case', price: 1, sessions: [{ id: 'all', ...window, stock: 100 }] },
      {
        id: 'wheel',
        kind: 'draw',
        title: 'Wheel',
        chances: { daily: 3 },
        fallback: 'none',
        prizes: [
          { id: 'cup', tier: 1, title: 'Cup', type: 'physical', quota: 50, weight: 999_999, claimWithinDays: 7 },
          { id: 'none', tier: 9, title: 'Thank you', type: 'nothing', quota: null, weight: 1 }
        ]
      },
      {
        id: 'ticket',
        kind: 'redemption',
        title: 'Ticket',
        cost: { points: 10 },
        stock: 3,
        unitsPerUser: 1,
        pool: 'tickets'
      }
    ]
  }
}
