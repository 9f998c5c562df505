import t from 'tap'
import { userField } from '../../src/record/fields.ts'
import { decodeBound, decodeCodeRecord, encodeInvitation } from '../../src/record/invitation.ts'
import { replayField } from '../../src/record/replay.ts'
import { decodeAcceptance } from '../../src/record/reports/acceptance.ts'
import { decodeCredit } from '../../src/record/reports/credit.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { type ActivitySpec, openActivity, takePart } from '../support/shop/participation.ts'
import { assertWhole, decisionOf, openShop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)

const friends: ActivitySpec = {
  campaign: 'c',
  activity: 'friends',
  kind: 'invite',
  rules: {
    'per_campaign:code': '1',
    'per_campaign:accept': '1',
    'per_day:inviter': '2',
    'per_campaign:inviter': '3',
    'reward:inviter': 'points b:points 10 0 0',
    'reward:invitee': 'points b:points 5 0 0',
    qualifies: 'inviter'
  }
}

const ask = (user: string, key = `u:code-of-${user}`) => takePart(friends, user, { key, action: 'code' })
const accept = (user: string, inviter: string, key = `u:accept-${user}`) =>
  takePart(friends, user, {
    key,
    action: 'accept',
    about: encodeInvitation({ inviter, code: '0-1-1', registeredAt: null })
  })

t.test('a code is made once, and a user is bound once, whoever invites next', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(friends)))
  const code = decisionOf(await gate.submit(ask('ann')))
  t.equal(code.type, 'invite.created')
  t.match(await gate.submit(ask('ann')), { kind: 'confirmed', replayed: true, decision: { id: code.id } })
  t.match(await gate.submit(ask('ann', 'u:another')), { kind: 'refused', code: 'ALREADY_DONE' })
  const own = userField.inviteCode('c', 'friends')
  const known = decodeCodeRecord((await gate.fieldsOf('ann', [own]))[own] ?? '')
  t.strictSame(known, { decision: code.id, key: 'u:code-of-ann' })

  const bound = decisionOf(await gate.submit(accept('ben', 'ann')))
  t.equal(bound.type, 'invite.accepted')
  t.match(decodeAcceptance(bound.report), { inviter: 'ann', code: '0-1-1', registeredAt: null })
  t.match(await gate.submit(accept('ben', 'ann')), { kind: 'confirmed', replayed: true })
  t.match(await gate.submit(accept('ben', 'cleo', 'u:another')), { code: 'ALREADY_BOUND' })
  const by = userField.invitedBy('c', 'friends')
  t.match(decodeBound((await gate.fieldsOf('ben', [by]))[by] ?? ''), { inviter: 'ann', at: bound.at })
  const raced = await Promise.all(['dora', 'emil', 'fay'].map((who) => gate.submit(accept('gus', who, `u:${who}`))))
  t.strictSame(raced.map(({ kind }) => kind).sort(), ['confirmed', 'refused', 'refused'], 'one of three')
  await assertWhole(t, shop)
})

t.test('caps hold by the day of the cause; beyond them the pair qualifies and the reward is withheld', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  decisionOf(await gate.submit(openActivity(friends)))
  const credit = async (action: string, invite: string, day: number) => {
    const about = invite
    const key = replayField.credit(invite, `friends/${action}`)
    const decision = decisionOf(await gate.submit(takePart(friends, 'ann', { key, by: 'credit', action, about, day })))
    const { cappedBy, moves } = decodeCredit(decision.report)
    return [decision.type, cappedBy, moves[0]?.balance]
  }
  const told = 'invite.qualified'
  t.strictSame(await credit('inviter', '0-1-1', 20000), [told, '', 10])
  t.strictSame(await credit('inviter', '0-1-2', 20000), [told, '', 20])
  t.strictSame(await credit('inviter', '0-1-3', 20000), [told, 'day', undefined])
  t.strictSame(await credit('inviter', '0-1-4', 20001), [told, '', 30])
  t.strictSame(await credit('inviter', '0-1-5', 20001), [told, 'campaign', undefined])
  t.strictSame(await credit('inviter', '0-1-1', 20000), [told, '', 10], 'once a pair')
  t.strictSame(await credit('invitee', '0-1-5', 20001), ['reward.credited', '', 35], 'the other side has no cap')
  t.strictSame(await credit('voided', '0-1-6', 20001), ['invite.voided', '', undefined])
  await assertWhole(t, shop)
})

t.test('rules without what the kind needs make a command corrupt, and never an invitation', async (t) => {
  const shop = await openShop(t, urls)
  const { gate } = shop
  const { qualifies: _qualifies, ...rules } = friends.rules ?? {}
  decisionOf(await gate.submit(openActivity({ ...friends, rules })))
  t.match(await gate.submit(ask('ann')), { kind: 'unavailable' })
})
