import type { CatalogueCampaign } from '../../../src/campaign/carrying/catalogue.ts'
import type { Definition } from '../../../src/campaign/definition/document.ts'
import { definitionOf, rulesOf } from '../../../src/campaign/definition/rules.ts'
import type { Decision, Outcome } from '../../../src/gate/batch/outcomes.ts'
import type { WinRecord } from '../../../src/record/win.ts'

export const DECIDED_AT = Date.UTC(2026, 10, 11, 0, 0, 1, 5)
export const SEED = Buffer.alloc(32, 7)

/** All kinds of activities under `mall`, open for a century; `hidden` is not to be seen yet. */
export const mallDefinition: Definition = {
  id: 'mall',
  title: 'Mall',
  timezone: 'Asia/Shanghai',
  opensAt: '2026-11-11T00:00:00+08:00',
  closesAt: '2126-11-12T00:00:00+08:00',
  units: { points: { scope: 'account' }, stars: { scope: 'campaign' } },
  activities: [
    {
      id: 'wheel',
      kind: 'draw',
      title: { en: 'Wheel', 'zh-CN': '转盘' },
      cost: { points: 10 },
      limits: { perDay: 5, perCampaign: 9, winsPerCampaign: 2 },
      fallback: 'thanks',
      prizes: [
        { id: 'first', tier: 1, title: { en: 'Phone', 'zh-CN': '手机' }, type: 'physical', quota: 3, weight: 1 },
        { id: 'cash', tier: 2, title: 'Cash', type: 'cash', quota: 3, weight: 1, claimWithinDays: 14 },
        { id: 'coupon', tier: 3, title: 'Coupon', type: 'coupon', quota: 3, weight: 1, pool: 'coupons' },
        { id: 'thanks', tier: 9, title: 'Thanks', type: 'nothing', quota: null, weight: 80 }
      ]
    },
    {
      id: 'daily',
      kind: 'draw',
      title: 'Daily',
      chances: { daily: 2, extraPerDay: 3 },
      fallback: 'luck',
      prizes: [
        {
          id: 'luck',
          tier: 9,
          title: 'Luck',
          type: 'points',
          quota: null,
          weight: 1,
          reward: { points: 1 },
          subPrizes: [{ id: 'small', title: 'Small', weight: 1, reward: { points: 2 } }]
        }
      ]
    },
    {
      id: 'check-in',
      kind: 'task',
      per: 'day',
      reward: { points: 5, chances: { daily: 1 } },
      streak: [{ days: 7, reward: { points: 50 } }]
    },
    { id: 'buyer', kind: 'task', per: 'campaign', goal: { counter: 'paid', count: 3 }, reward: { entitlement: 'vip' } },
    {
      id: 'ticket',
      kind: 'redemption',
      title: 'Ticket',
      cost: { points: 500 },
      stock: 200,
      unitsPerUser: 3,
      pool: 'tickets'
    },
    { id: 'mug', kind: 'redemption', title: 'Mug', cost: { stars: 5 }, stock: 20 },
    {
      id: 'hidden',
      kind: 'task',
      per: 'campaign',
      reward: { points: 1 },
      visibleFrom: '2126-11-11T00:00:00+08:00'
    }
  ] as unknown as Definition['activities']
}

export function aMall(part: Partial<CatalogueCampaign> = {}): CatalogueCampaign {
  const rules = rulesOf(mallDefinition)
  const flags = { paused: false, ended: false, settled: false, notice: null }
  const seed = { seed: SEED, commitment: 'c'.repeat(64) }
  const seeds = new Map([
    ['wheel', seed],
    ['daily', seed]
  ])
  return {
    id: 'mall',
    version: 1,
    revision: 3,
    rules,
    definition: definitionOf(rules),
    publishedAt: 0,
    seeds,
    ...flags,
    ...part
  }
}

export function aWin(part: Partial<WinRecord> = {}): WinRecord {
  return {
    id: '0-1700000000-9',
    status: 'won',
    frame: '1700000000-4',
    campaign: 'mall',
    draw: 'wheel',
    prize: 'first',
    sub: '',
    tier: 1,
    type: 'physical',
    wonAt: DECIDED_AT,
    claimBy: null,
    given: [],
    ...part
  }
}

/** What the gate decided, confirmed. */
export function decided(
  type: string,
  report: string,
  part: Partial<Decision> = {}
): Extract<Outcome, { kind: 'confirmed' }> {
  const decision = { id: '0-1700000000-9', sequence: 9, type, at: DECIDED_AT, report, ...part }
  return { kind: 'confirmed', replayed: false, decision }
}
