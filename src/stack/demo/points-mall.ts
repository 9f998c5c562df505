import { type DemoDefinition, demoWindow, SHOP } from './window.ts'

const ticketCodes = 200

/** Codes of the pool `tickets`, the same at each start, so that loading them again adds none. */
export const ticketPool = {
  pool: 'tickets',
  codes: Array.from({ length: ticketCodes }, (_, index) => `DEMO-${String(index + 1).padStart(4, '0')}`)
}

const friends = (campaign: string, shop: string) => ({
  id: 'friends',
  kind: 'invite',
  title: { en: 'Bring your friends', 'zh-CN': '邀请好友' },
  sort: 4,
  link: `${shop}#/c/${campaign}/join/{code}`,
  qualifiesOn: 'task:check-in',
  inviter: { on: 'qualified', reward: { points: 50 } },
  invitee: { on: 'accepted', reward: { points: 20 } },
  perInviter: { day: 10 }
})

const satisfaction = {
  id: 'how-was-it',
  kind: 'survey',
  title: { en: 'How do you like it?', 'zh-CN': '您满意吗？' },
  sort: 6,
  for: 'participants',
  satisfaction: 'stars',
  questions: [
    { id: 'stars', type: 'rating', title: { en: 'Your rating', 'zh-CN': '您的评分' }, required: true },
    {
      id: 'where',
      type: 'choice',
      title: { en: 'Where did you hear of it?', 'zh-CN': '您从哪里得知？' },
      options: [
        { id: 'friends', title: { en: 'From friends', 'zh-CN': '朋友' } },
        { id: 'news', title: { en: 'In the news', 'zh-CN': '新闻' } }
      ]
    },
    { id: 'why', type: 'text', title: { en: 'Tell us more', 'zh-CN': '说说原因' }, maxLength: 300 }
  ],
  reward: { points: 5 }
}

/** What users say about the mall and its items; the first comment of a day is worth points. */
const talk = {
  id: 'talk',
  kind: 'discussion',
  title: { en: 'What do you think?', 'zh-CN': '大家说' },
  sort: 7,
  subjects: ['item', 'topic'],
  topics: [{ id: 'wishes', title: { en: 'What should be in the mall?', 'zh-CN': '想要什么奖品？' } }],
  perDay: 20,
  reward: { points: 2 }
}

/** Points by check-ins and tasks, spent in a mall, where a ticket is a code of a pool. @param now ms since 1970 */
export function pointsMall(id: string, now: number, shop = SHOP): DemoDefinition {
  return {
    id,
    title: { en: 'Points mall', 'zh-CN': '积分商城' },
    description: { en: 'Collect points, and spend them.', 'zh-CN': '攒积分，换好礼。' },
    timezone: 'Asia/Shanghai',
    ...demoWindow(now),
    units: { points: { scope: 'account' } },
    activities: [
      {
        id: 'check-in',
        kind: 'task',
        title: { en: 'Check in', 'zh-CN': '签到' },
        tier: 'basic',
        sort: 1,
        per: 'day',
        reward: { points: 10 },
        streak: [
          { days: 3, reward: { points: 20 } },
          { days: 7, reward: { points: 100 } }
        ]
      },
      {
        id: 'profile',
        kind: 'task',
        title: { en: 'Fill in your profile', 'zh-CN': '完善资料' },
        tier: 'intermediate',
        sort: 2,
        per: 'campaign',
        after: ['check-in'],
        reward: { points: 40 }
      },
      {
        id: 'buyer',
        kind: 'task',
        title: { en: 'Pay for three orders', 'zh-CN': '完成三笔订单' },
        tier: 'advanced',
        sort: 3,
        per: 'campaign',
        goal: { counter: 'paid', count: 3 },
        after: ['profile'],
        reward: { points: 200 }
      },
      friends(id, shop),
      {
        id: 'ticket',
        kind: 'redemption',
        title: { en: 'Cinema ticket', 'zh-CN': '电影票' },
        category: 'leisure',
        sort: 5,
        cost: { points: 50 },
        stock: ticketCodes,
        unitsPerUser: 2,
        pool: ticketPool.pool
      },
      {
        id: 'mug',
        kind: 'redemption',
        title: { en: 'Mug', 'zh-CN': '马克杯' },
        category: 'home',
        supplier: 'pottery',
        spec: { colour: { en: 'black', 'zh-CN': '黑色' }, volume: '300 ml' },
        instructions: { en: 'Show your claim at the front desk.', 'zh-CN': '凭兑换记录到前台领取。' },
        sort: 6,
        cost: { points: 120 },
        stock: 100,
        unitsPerUser: 1
      },
      {
        id: 'collectors',
        kind: 'board',
        title: { en: 'Collectors of the week', 'zh-CN': '本周积分榜' },
        sort: 6,
        metric: 'points',
        period: 'week',
        top: [
          { upTo: 1, reward: { points: 100 }, title: { en: 'Collector of the week', 'zh-CN': '本周之星' } },
          { upTo: 10, reward: { points: 20 } }
        ]
      },
      satisfaction,
      talk
    ]
  }
}
