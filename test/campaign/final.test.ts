import t from 'tap'

import { DAY_MS } from '../../src/base/day.ts'
import { planFlag } from '../../src/campaign/change/plan.ts'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { finalAt } from '../../src/campaign/definition/final.ts'
import { definitionOf, type Rules } from '../../src/campaign/definition/rules.ts'
import { SYSTEM_USER } from '../../src/gate/batch/commands.ts'
import type { Outcome } from '../../src/gate/batch/outcomes.ts'
import type { CampaignRow } from '../../src/store/campaigns/campaigns.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { changeWin, openActivity, sureDraw, takePart } from '../support/shop/participation.ts'
import { assertWhole, atRest, bought, decisionOf, move, openShop, type Shop } from '../support/shop/shop.ts'
import { waitFor } from '../support/wait.ts'
import { aDraw, aPrize, thanks } from './example-kinds.ts'
import { exampleDefinition, exampleSale } from './example-sale.ts'

const urls = await sharedServers(t)

const codeOf = (outcome: Outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind)

/** The rule as the campaign's definition leads to it, with the moment at which nothing moves any more. */
async function finalFrom({ gate }: Shop, at: number): Promise<void> {
  const key = `x:adj:final-${at}`
  const puts = [['c:c', 'final_at', String(at)] as const]
  const common = { op: 'adjust' as const, type: 'campaign.adjusted', user: SYSTEM_USER, campaign: 'c', activity: '' }
  decisionOf(await gate.submit({ ...common, key, hash: key, puts, adds: [], request: '{}' }))
}

t.test('once a campaign is final, nothing of it moves any more, and what moved before is still answered', async (t) => {
  const shop = await openShop(t, urls)
  const wheel = sureDraw('1;physical;0;0;0;0;0;;')
  decisionOf(await shop.gate.submit(openActivity(wheel)))
  const paid = await bought(shop, 'ann')
  const unpaid = await bought(shop, 'ben')
  const win = decisionOf(await shop.gate.submit(takePart(wheel, 'cat', { random: 'r' }))).win?.id ?? ''
  const other = decisionOf(await shop.gate.submit(takePart(wheel, 'dan', { random: 'r' }))).win?.id ?? ''
  await finalFrom(shop, Date.now() + 86_400_000)
  const payment = move(shop, 'pay', { user: 'ann', order: paid })
  decisionOf(await shop.gate.submit(payment))
  decisionOf(await shop.gate.submit(changeWin(wheel, 'claim', { user: 'cat', win })))
  await atRest(shop)

  await finalFrom(shop, Date.now() - 1)
  t.equal(codeOf(await shop.gate.submit(payment)), 'confirmed', 'a replay')
  t.equal(codeOf(await shop.gate.submit(changeWin(wheel, 'claim', { user: 'cat', win }))), 'confirmed', 'a replay')
  for (const name of ['ship', 'return', 'cancel'] as const) {
    const more = name === 'return' ? { quantity: 1 } : {}
    t.equal(codeOf(await shop.gate.submit(move(shop, name, { user: 'ann', order: paid, ...more }))), 'ENDED', name)
  }
  t.equal(codeOf(await shop.gate.submit(move(shop, 'pay', { user: 'ben', order: unpaid }))), 'ENDED', 'pay')
  t.equal(codeOf(await shop.gate.submit(changeWin(wheel, 'claim', { user: 'dan', win: other }))), 'ENDED', 'claim')
  t.equal(codeOf(await shop.gate.submit(changeWin(wheel, 'revoke', { user: 'cat', win }))), 'ENDED', 'revoke')
  await atRest(shop)
  await assertWhole(t, shop)
})

t.test('the units of an order that was never paid come back, however late', async (t) => {
  const shop = await openShop(t, urls, { rules: { pay_within: '1' }, campaignRules: { final_at: '1' } })
  await bought(shop, 'ann')
  const expired = async () => (await shop.redis.hget(`${shop.prefix}s:c:s`, 'am:remaining')) === '10'
  await waitFor(expired, { what: 'the order to expire' })
  await atRest(shop)
  await assertWhole(t, shop)
})

function rulesOf(changes: Record<string, unknown>): Rules {
  const result = checkDefinition(exampleDefinition(changes))
  if (!result.ok) throw new Error(JSON.stringify(result.errors))
  return result.rules
}

const daysAfterEnd = (rules: Rules) => (finalAt(rules) - rules.closesAt) / DAY_MS

t.test('a campaign is final when returns, claims and payments are over', async (t) => {
  const returns = (days: number) => ({ policies: { returnWithinDays: days } })
  const claimed = (days: number) => [exampleSale(), aDraw({ prizes: [aPrize({ claimWithinDays: days }), thanks] })]
  t.equal(daysAfterEnd(rulesOf({})), 90)
  t.equal(daysAfterEnd(rulesOf(returns(7))), 7)
  t.equal(daysAfterEnd(rulesOf({ ...returns(7), activities: claimed(14) })), 14)
  t.equal(daysAfterEnd(rulesOf({ ...returns(30), activities: claimed(14) })), 30)
  t.equal(daysAfterEnd(rulesOf(returns(0))) * DAY_MS, 900_000, 'an order of the last second can be paid')
})

t.test('a campaign that operators end earlier is final earlier, and its definition stays as it is', async (t) => {
  const rules = rulesOf({})
  const running = { id: rules.id, rules, paused: false, ended: false, settled: false } as unknown as CampaignRow
  const early = rules.closesAt - 3 * DAY_MS
  const ended = planFlag(running, 'campaign.ended', early)
  t.same(ended?.puts, [
    ['c:launch', 'ended', '1'],
    ['c:launch', 'final_at', String(early + 90 * DAY_MS)]
  ])
  const inForce = ended?.change.rules as Rules
  t.equal(finalAt(inForce), early + 90 * DAY_MS)
  t.same(definitionOf(inForce), definitionOf(rules))
  const settled = planFlag({ ...running, rules: inForce, ended: true }, 'campaign.settled', rules.closesAt + DAY_MS)
  t.equal(finalAt(settled?.change.rules as Rules), early + 90 * DAY_MS, 'a settlement does not move it')
  const byTime = planFlag(running, 'campaign.ended', rules.closesAt + 5 * DAY_MS)
  t.equal(finalAt(byTime?.change.rules as Rules), rules.closesAt + 90 * DAY_MS, 'nor does one that comes late')
})
