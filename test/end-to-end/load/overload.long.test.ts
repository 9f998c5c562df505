import t from 'tap'
import { assertSound } from '../../support/judging/assert-sound.ts'
import { History } from '../../support/load/history.ts'
import { LoadClient } from '../../support/load/load-client.ts'
import { timed } from '../../support/running/pace.ts'
import { testShards } from '../../support/servers/servers.ts'
import { startStack } from '../../support/servers/stack.ts'
import { openSession, promiseOf, type SaleOptions, saleDefinition } from '../../support/shop/sale.ts'

// A batch takes half a second, so each shard decides 256 commands a second on any machine, and one batch may wait.
const CROWD = 1200 * testShards
const stack = await startStack(t, { env: { FAIL_POINTS: 'G1:delay:500:1+' } })

t.test(
  'a crowd far beyond what the gate decides is refused and comes back, and everybody gets their unit once',
  async (t) => {
    const sale: SaleOptions = { id: 'rush', unitsPerUser: 1, sales: { phone: { sessions: [openSession(CROWD)] } } }
    await stack.publish(saleDefinition(sale))
    const history = new History()
    const client = new LoadClient({
      publicUrl: stack.publicUrl,
      tokenOf: (user) => stack.tokenOf(user),
      history,
      connections: CROWD / 2,
      deadlineMs: 60_000,
      patienceMs: 300_000
    })
    t.teardown(() => client.close())
    const endings = await Promise.all(
      Array.from({ length: CROWD }, (_, number) =>
        client.buy({ user: `rush-${number}`, key: `rush-key-${number}`, campaign: 'rush', sale: 'phone', quantity: 1 })
      )
    )
    t.equal(endings.filter(({ kind }) => kind === 'confirmed').length, CROWD)
    await assertSound(t, { stack, client, promise: promiseOf(sale, ['now']) })

    const answers = history.attempts.filter(({ way }) => way === 'buy').map(({ result }) => result?.kind)
    const refused = answers.filter((kind) => kind === 'unavailable').length
    t.comment(`${refused} refusals, ${CROWD} confirmations`)
    t.ok(refused > 200, 'most of the crowd was refused at first')
    const notTold = answers.filter((kind) => kind === 'unknown' || kind === 'pending').length
    // a machine that does much else answers some of them late
    if (timed) t.equal(notTold, 0, 'whoever was let in was told')
    else t.comment(`${notTold} who were let in were not told at once`)
    const waits = history.attempts.flatMap(({ result }) => result?.retryAfterMs ?? [])
    for (const from of [1000, 2000, 3000]) {
      const share = waits.filter((wait) => wait >= from && wait < from + 1000).length / waits.length
      t.ok(share > 0.2, `${Math.round(share * 100)} % are asked to return in the second from ${from} ms`)
    }
  }
)
