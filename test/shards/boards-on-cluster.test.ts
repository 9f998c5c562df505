import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { createBoardReader } from '../../src/gate/boards/board-reader.ts'
import { createBoardWriter } from '../../src/gate/boards/board-writer.ts'
import { slotOf } from '../../src/gate/redis/cluster-map.ts'
import { boardKeys } from '../../src/record/keys.ts'
import { tieOf } from '../../src/record/standing.ts'
import { beginMove, endMove, moveKeys, redisCluster } from '../support/servers/redis-cluster.ts'
import { waitFor } from '../support/wait.ts'

const cluster = await redisCluster(t)
const config = loadConfig({ REDIS_URL: cluster.url, NAMESPACE: 'shop' })
const writer = createBoardWriter(config, 'test')
const reader = createBoardReader(config, 'test')
t.teardown(() => writer.close())
t.teardown(() => reader.close())

const period = (board: number) => ({ campaign: 'c', board: `board-${board}`, period: 'all' })
const boards = Array.from({ length: 12 }, (_, n) => n)
const slotOfBoard = (board: number) => slotOf(boardKeys('shop', period(board)).place)
const stand = (version: number) => ({ token: 'x', version, user: '', asOf: 0 })
const tie = tieOf({ shard: 0, epoch: 1, sequence: 1, at: 1 })
const scored = (user: string, score: number) => ({ user, score, reachedAt: score, tie })

t.test('boards are on all masters, and each is written and read where it is', async (t) => {
  for (const board of boards) {
    t.equal(await writer.stand(period(board)), undefined)
    const ranks = writer.startAnew(period(board))
    await ranks.write([scored('ann', 3), scored('bob', 5)])
    await ranks.show(stand(1))
    const step = { from: stand(1), to: stand(2), users: [scored('ann', 9 + board)] }
    t.equal(await writer.advance(period(board), step), true)
    t.equal(await writer.advance(period(board), step), false, 'it stands elsewhere by now')
  }
  for (const board of boards) {
    const { users } = await reader.top(period(board), 5)
    t.match(users, [
      { rank: 1, user: 'ann', score: 9 + board },
      { rank: 2, user: 'bob', score: 5 }
    ])
    t.equal((await reader.around(period(board), 'bob', 0)).users[0]?.rank, 2)
  }
  const kept = await Promise.all(cluster.masters.map(({ redis }) => redis.dbsize()))
  t.ok(
    kept.every((keys) => keys > 0),
    `keys by master: ${kept}`
  )
})

t.test('a board whose slot is moved is found at its new place', async (t) => {
  const board = 0
  const slot = slotOfBoard(board)
  const owner = Math.floor((slot * 3) / 16_384)
  const [from, to] = [cluster.masters[owner], cluster.masters[(owner + 1) % 3]]
  if (from === undefined || to === undefined) throw new Error('three masters were asked for')
  await beginMove(slot, from, to)
  await moveKeys(slot, from, to)
  await endMove(slot, cluster, to)
  const found = () =>
    reader.top(period(board), 1).then(
      ({ users }) => users[0]?.user === 'ann',
      () => false
    )
  await waitFor(found, { what: 'the reader to find it' })
  const stands = () =>
    writer.stand(period(board)).then(
      (at) => at?.version === 2,
      () => false
    )
  await waitFor(stands, { what: 'the writer to find it' })
  for (const one of boards) await writer.drop(period(one))
  t.same(await Promise.all(cluster.masters.map(({ redis }) => redis.dbsize())), [0, 0, 0])
})
