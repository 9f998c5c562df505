import { type DemoDefinition, demoWindow } from './window.ts'

/**
 * A lucky draw: three chances a day and more by tasks, a phone that is promised after thirty losing spins, better odds
 * for users of level 3. @param now ms since 1970
 */
export function luckyWeek(id: string, now: number): DemoDefinition {
  return {
    id,
    title: { en: 'Lucky week', 'zh-CN': '幸运周' },
    description: { en: 'Spin the wheel three times a day.', 'zh-CN': '每天三次抽奖机会。' },
    timezone: 'Asia/Shanghai',
    ...demoWindow(now),
    policies: { unusedDailyChances: 'expire', revokedWinReturnsQuota: true },
    activities: [
      {
        id: 'wheel',
        kind: 'draw',
        title: { en: 'Wheel of fortune', 'zh-CN': '幸运大转盘' },
        sort: 1,
        chances: { daily: 3, extraPerDay: 5 },
        limits: { perDay: 20, winsPerTier: { 1: 1 } },
        fallback: 'thanks',
        prizes: [
          {
            id: 'phone',
            tier: 1,
            title: { en: 'Phone', 'zh-CN': '手机' },
            type: 'physical',
            quota: 3,
            weight: 1,
            value: 399_900,
            guaranteedAfter: 30,
            release: 'even',
            claimWithinDays: 14
          },
          {
            id: 'coupon',
            tier: 2,
            title: { en: '50 CNY coupon', 'zh-CN': '50 元优惠券' },
            type: 'coupon',
            quota: 500,
            weight: 100,
            value: 5000,
            claimWithinDays: 7
          },
          { id: 'points', tier: 3, title: '20 points', type: 'points', quota: null, weight: 300, value: 20 },
          { id: 'again', tier: 4, title: 'One more spin', type: 'chances', quota: null, weight: 150 },
          {
            id: 'thanks',
            tier: 9,
            title: { en: 'Thank you', 'zh-CN': '谢谢参与' },
            type: 'nothing',
            quota: null,
            weight: 449,
            subPrizes: [
              { id: 'clover', title: 'A clover', weight: 3 },
              { id: 'ladybird', title: 'A ladybird', weight: 1 }
            ]
          }
        ],
        weightsByLevel: [{ level: 3, weights: { coupon: 300, thanks: 249 } }]
      },
      {
        id: 'puzzle',
        kind: 'game',
        title: { en: 'Puzzle', 'zh-CN': '拼图' },
        sort: 3,
        attemptsPerDay: 3,
        outcomes: { solved: { chances: { wheel: 1 } }, failed: {} }
      },
      {
        id: 'check-in',
        kind: 'task',
        title: { en: 'Check in', 'zh-CN': '签到' },
        sort: 2,
        per: 'day',
        reward: { chances: { wheel: 1 } },
        streak: [
          {
            days: 7,
            reward: {
              prize: {
                id: 'key-ring',
                title: { en: 'Key ring', 'zh-CN': '钥匙扣' },
                type: 'physical',
                quota: 100,
                claimWithinDays: 14,
                instructions: { en: 'We send it to the address of your claim.', 'zh-CN': '我们会寄到您填写的地址。' }
              }
            }
          }
        ]
      }
    ]
  }
}
