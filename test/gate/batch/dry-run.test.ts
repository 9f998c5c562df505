import t from 'tap'
import type { Command } from '../../../src/gate/batch/commands.ts'
import { renderScript } from '../../../src/gate/redis/scripts.ts'
import { sharedServers } from '../../support/servers/servers.ts'
import { buy } from '../../support/shop/core.ts'
import { changeWin, credit, openActivity, sureDraw, takePart } from '../../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf, move, openShop } from '../../support/shop/shop.ts'

const urls = await sharedServers(t)
const opening = { shard: 0, epoch: 1, replid: 'a', prefix: 'p:' }

t.test('every command is foreseen as it is then decided, and all of Redis stays as it was', async (t) => {
  const shop = await openShop(t, urls, { stock: 3, campaignRules: { rate: '5', burst: '5' } })
  const { gate, redis, sale } = shop
  const draw = sureDraw('1;physical;1;0;0;86400000;399900;;', { stock: { prize: 9 } })
  decisionOf(await gate.submit(openActivity(draw)))
  const order = await bought(shop, 'ann')
  const win =
    decisionOf(await gate.submit(takePart(draw, 'ann', { key: 'u:spin', random: '0000000000000' }))).win?.id ?? ''
  const commands: Command[] = [
    buy(sale, 'ann', { key: 'u:second' }),
    buy(sale, 'ann', { key: 'u:many', quantity: 9 }),
    takePart(draw, 'ann', { key: 'u:third', random: '0000000000000' }),
    move(shop, 'ship', { user: 'ann', order }),
    move(shop, 'pay', { user: 'ann', order }),
    changeWin(draw, 'claim', { user: 'ann', win }),
    changeWin(draw, 'revoke', { user: 'ann', win }),
    credit('ann', 'b:points', 5),
    { ...openActivity(draw), op: 'remove', key: 'x:gone', puts: [], removals: [['u:nobody', []]] }
  ]
  const everything = async () => {
    const keys = (await redis.keys(`*${shop.core.config.NAMESPACE}*`)).toSorted()
    return Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString('base64')]))
  }
  for (const command of commands) {
    await atRest(shop)
    const before = await everything()
    const foreseen = []
    // more often than the rate has tokens
    for (let nth = 0; nth < 8; nth += 1) foreseen.push(await gate.foresee(command))
    t.same(await everything(), before, `${command.op} leaves nothing`)
    const { kind, ...said } = foreseen[0] ?? { kind: '' }
    t.ok(foreseen.every((one) => one.kind === kind))
    t.match(await gate.submit(command), { kind, ...said }, `${command.op} is decided so`)
  }
  await assertWhole(t, shop)
})

t.test('its script decides by the text of the gate, and Redis refuses whatever of it would write', async (t) => {
  const shop = await openShop(t, urls)
  const { body } = renderScript('dry-run', opening)
  const decide = (text: string) => /local function decide_commands[\s\S]*?return decided\nend\n/.exec(text)?.[0]
  t.equal(decide(body), decide(renderScript('gate', opening).body))
  t.ok(body.startsWith('#!lua flags=no-writes\n'))
  const writing = `${body.split('\n')[0]}\nreturn redis.call('SET', KEYS[1], '1')`
  await t.rejects(shop.redis.eval(writing, 1, `${shop.prefix}x`), /Write commands are not allowed/)
})
