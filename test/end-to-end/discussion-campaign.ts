import { middayTimezone } from '../support/midday.ts'

const HOUR = 3_600_000
const iso = (ms: number) => new Date(ms).toISOString()

/** A campaign with two discussions: in one comments show at once, in the other one they wait. */
export function street() {
  return {
    id: 'street',
    title: 'Street',
    timezone: middayTimezone,
    opensAt: iso(Date.now() - HOUR),
    closesAt: iso(Date.now() + HOUR),
    activities: [
      { id: 'check-in', kind: 'task', per: 'day', reward: { points: 1 } },
      {
        id: 'talk',
        kind: 'discussion',
        title: 'Talk',
        subjects: ['item', 'topic'],
        topics: [
          { id: 'news', title: { en: 'News', 'zh-CN': '新闻' } },
          { id: 'weather', title: 'Weather' }
        ],
        maxLength: 40,
        perDay: 3,
        reward: { points: 5 }
      },
      { id: 'careful', kind: 'discussion', subjects: ['item', 'share'], moderation: 'before' },
      { id: 'sharing', kind: 'share', subjects: ['campaign'], verifiedBy: 'visit', channels: { community: {} } },
      {
        id: 'talker',
        kind: 'task',
        per: 'campaign',
        goal: { counter: 'comment', activity: 'talk', count: 3 },
        reward: { points: 100 }
      }
    ]
  }
}
