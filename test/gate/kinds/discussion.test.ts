import t from 'tap'
import { commentFacts, decodeComment, decodeLike, likeFacts } from '../../../src/record/reports/discussion.ts'
import { sharedServers } from '../../support/servers/servers.ts'
import { type ActivitySpec, openActivity, takePart } from '../../support/shop/participation.ts'
import { assertWhole, decisionOf, openShop } from '../../support/shop/shop.ts'

const urls = await sharedServers(t)

/** Rules as src/campaign compiles them. */
const talk = (rules: Record<string, string> = {}): ActivitySpec => ({
  campaign: 'c',
  activity: 'talk',
  kind: 'discussion',
  rules: { moderation: 'after', per_day: '0', reward: '', ...rules }
})

const topic = { type: 'topic', id: 'news' }
const comment = (user: string, key: string) =>
  takePart({ campaign: 'c', activity: 'talk' }, user, { key: `u:${key}`, about: commentFacts(topic, '0-1-2') })
const like = (user: string, key: string, count = 1) =>
  takePart({ campaign: 'c', activity: 'talk' }, user, {
    key: `u:${key}`,
    action: 'like',
    about: likeFacts(topic, count),
    hash: 'like'
  })

t.test('the first comment of a day is rewarded, and none beyond the limit of a day is taken', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(talk({ per_day: '2', reward: 'points b:points 5 0 0' }))))
  const first = decisionOf(await gate.submit(comment('ann', 'first')))
  t.equal(first.type, 'comment.posted')
  t.match(decodeComment(first.report), {
    subject: topic,
    replyTo: '0-1-2',
    status: 'shown',
    moves: [{ unit: 'points', delta: 5, balance: 5 }]
  })
  t.same(decodeComment(decisionOf(await gate.submit(comment('ann', 'second'))).report).moves, [])
  t.match(await gate.submit(comment('ann', 'third')), {
    code: 'LIMIT_REACHED',
    members: { scope: 'day', limit: 2, resetsAt: String }
  })
  t.match(await gate.submit(comment('ann', 'first')), { kind: 'confirmed', replayed: true, decision: { id: first.id } })
  await assertWhole(t, shop)
})

t.test('a reward is given once a day where nothing limits comments', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(talk({ moderation: 'before', reward: 'points b:points 5 0 0' }))))
  const keys = Array.from({ length: 8 }, (_, index) => `key-${index}`)
  const all = await Promise.all(keys.map((key) => gate.submit(comment('ann', key))))
  const reports = all.map((outcome) => decodeComment(decisionOf(outcome).report))
  t.equal(reports.filter(({ moves }) => moves.length > 0).length, 1)
  t.ok(reports.every(({ status }) => status === 'waiting'))
  await assertWhole(t, shop)
})

t.test('a subject is liked once by each user, in a race too', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(talk({ per_day: '1' }))))
  const raced = await Promise.all(['a', 'b', 'c'].map((key) => gate.submit(like('ann', key, 4))))
  const given = raced.filter(({ kind }) => kind === 'confirmed')
  t.equal(given.length, 1)
  t.match(
    raced.filter(({ kind }) => kind === 'refused'),
    [{ code: 'ALREADY_DONE' }, { code: 'ALREADY_DONE' }]
  )
  t.match(
    given.map((outcome) => decodeLike(decisionOf(outcome).report)),
    [{ subject: topic, count: 4 }]
  )
  t.match(await gate.submit(like('ben', 'a', 5)), { kind: 'confirmed' })
  t.match(await gate.submit(comment('ann', 'talk')), { kind: 'confirmed' }, 'a like is no comment of the day')
  t.match(await gate.submit({ ...like('cem', 'a'), about: 'no count' }), { code: 'NOT_FOUND' })
  await assertWhole(t, shop)
})
