import type { ToldType } from '../../src/events/types.ts'
import type { FrameDecision } from '../../src/journal/frame.ts'

/** When an event is told; `decisions` are such as it is told of, whose members together are what its `data` may have. */
export interface EventWords {
  readonly when: string
  readonly decisions: ReadonlyArray<Partial<FrameDecision>>
}

export const EPOCH = 1_795_558_466
const at = EPOCH * 1000
const order = `${EPOCH}-7`
const win = `${EPOCH}-2`

/** An order as the gate's script writes it, new or moved on. */
const bought = (letter: string, moved = '') =>
  `${letter};${EPOCH}-3;launch;phone;all-day;1;299900;CNY;${at};900;${at + 864e5};1;0${moved}`
const movedOn = (letter: string, type: string, more: Partial<FrameDecision> = {}): Partial<FrameDecision> => ({
  activity: 'phone',
  order: `0-${order}`,
  put: { u: { [`o:${order}`]: bought(letter, ';0;pay-1;;;;2') } },
  ...more,
  type
})
const ofWin = (letter: string, more: Partial<FrameDecision>): Partial<FrameDecision> => ({
  win: `0-${win}`,
  put: { u: { [`w:${win}`]: `${letter};${EPOCH}-3;launch;wheel;first;;1;physical;${at};${at + 864e5};` } },
  ...more
})
const wonAt = `w;${EPOCH}-3;launch;wheel;first;;1;physical;${at};${at + 864e5};`
const paired = { cause: `0-${EPOCH}-6`, invite: `0-${EPOCH}-4`, inviter: 'bob', invitee: 'alice' }
const moderated = (status: string): Partial<FrameDecision> => ({
  activity: 'talk',
  put: { 'u:ann': { [`v:0-${order}`]: `${status};2` } },
  request: { comment: `0-${order}`, by: 'amy', reason: 'an advertisement' }
})
const none = [{}]

/** Every event that this version tells. */
export const told: Record<ToldType, EventWords> = {
  'order.accepted': {
    when: 'a purchase was confirmed',
    decisions: [{ activity: 'phone', put: { u: { [`o:${order}`]: bought('a') } }, request: { quantity: 1 } }]
  },
  'order.paid': { when: 'an order was paid in full', decisions: [movedOn('p', 'order.paid')] },
  'order.cancelled': {
    when: 'its buyer or an operator cancelled an order',
    decisions: [movedOn('c', 'order.cancelled')]
  },
  'order.expired': { when: 'an order was not paid by `payBy`', decisions: [movedOn('e', 'order.expired')] },
  'order.shipped': {
    when: 'an order was shipped, or there is news of its shipment',
    decisions: [movedOn('s', 'order.shipped')]
  },
  'order.returned': {
    when: 'units of an order came back or were exchanged',
    decisions: [movedOn('s', 'order.returned')]
  },
  'order.refund-due': {
    when: 'money has to be paid back: a payment came too late or twice, or a paid order was cancelled or returned',
    decisions: [movedOn('c', 'order.refund-due', { report: 'c,0,299900,CNY,pay-2' })]
  },
  'spin.won': {
    when: 'a spin won a prize that is worth something',
    decisions: [
      {
        activity: 'wheel',
        report: 'first,,3a16ae9a3ac1b,,first,,0,|chances:wheel -1 2',
        put: { u: { [`w:${order}`]: wonAt } }
      }
    ]
  },
  'spin.lost': {
    when: 'a spin gave a prize of type `nothing`',
    decisions: [{ activity: 'wheel', report: 'thanks,clover,0a1b2c3d4e5f6,9f,thanks,,0,|points -10 90' }]
  },
  'win.granted': {
    when: 'a reward gave a prize: told beside the event of the decision that it was for, under its id and `-win`',
    decisions: [
      {
        type: 'task.completed',
        activity: 'check-in',
        report: '20781,1,0,,1|prize:mug 1 1',
        put: {
          u: { [`w:${order}`]: `w;${EPOCH}-3;launch;check-in;mug;;0;coupon;${at};${at + 864e5};` }
        }
      }
    ]
  },
  'win.claimed': { when: 'the winner claimed a win', decisions: [ofWin('c', { report: win })] },
  'win.revoked': {
    when: 'an operator revoked a win and took back what it gave',
    decisions: [ofWin('r', { report: `${win}|points -5 0` }), ofWin('r', { report: `${win},points 3|points -2 0` })]
  },
  'claim.accepted': {
    when: 'a user claimed an item of a redemption for points or another unit',
    decisions: [{ activity: 'ticket', report: '1,tickets|points -50 0' }]
  },
  'task.completed': {
    when: 'a task was done, by the user or because its goal was reached',
    decisions: [{ activity: 'check-in', report: '20781,1,0,,1|points 10 10' }]
  },
  'reservation.made': {
    when: 'a user reserved a session, or all of them',
    decisions: [
      { activity: 'remind', report: `am,${at + 36e5},am` },
      { activity: 'remind', report: `,${at + 36e5},am` }
    ]
  },
  'reward.credited': {
    when: 'a user was rewarded for what somebody else did',
    decisions: [{ activity: 'friends', report: ',0-1-7|points 50 50', request: { cause: '0-1-7' } }]
  },
  'reward.taken-back': {
    when: 'a reward was taken back, as far as it was still there, because what it was given for is void',
    decisions: [{ activity: 'friends', report: '1-7,points 20|points -30 0', request: { cause: '0-1-7' } }]
  },
  'board.awarded': {
    when: 'a user got the reward of a rank of a leaderboard, whose order is final',
    decisions: [{ activity: 'top', report: ',campaign:3|points 100 140', request: { period: 'campaign', rank: 3 } }]
  },
  'invite.created': { when: 'a user got an invitation code', decisions: [{ activity: 'friends' }] },
  'invite.accepted': {
    when: 'a user was bound to whoever invited them; `user` is the invitee',
    decisions: [{ activity: 'friends', report: `bob,0-${EPOCH}-1,` }]
  },
  'invite.qualified': {
    when: 'an invitee did what the invitation asks for; `user` is the inviter, `moves` the reward where it is due for this',
    decisions: [{ activity: 'friends', report: `,0-${EPOCH}-4|points 20 20`, request: paired }]
  },
  'invite.voided': {
    when: 'an invitation does not count: it closed a circle (`CIRCULAR`), or its order came back (`RETURNED`); `user` is the inviter',
    decisions: [{ activity: 'friends', report: `,0-${EPOCH}-4`, request: { ...paired, reason: 'CIRCULAR' } }]
  },
  'game.completed': {
    when: 'another system reported the result of an attempt at a game',
    decisions: [{ activity: 'puzzle', report: 'solved,20781,2,|points 5 5' }]
  },
  'share.created': {
    when: 'a user made a link to something, for a channel',
    decisions: [{ activity: 'sharing', report: 'wechat,goods,phone', request: {} }]
  },
  'share.verified': {
    when: 'somebody else visited a share, or a service reported it as genuine: what its user got',
    decisions: [
      {
        activity: 'sharing',
        report: `,0-${EPOCH}-9|points 2 12`,
        request: {
          share: `0-${EPOCH}-9`,
          channel: 'wechat',
          verifiedBy: 'visit',
          verifiedAt: '2026-11-28T04:00:00.000Z',
          cause: `0-${EPOCH}-9`
        }
      }
    ]
  },
  'share.voided': {
    when: 'an operator voided a share; what it gave is taken back',
    decisions: [
      {
        activity: 'sharing',
        request: {
          share: `0-${EPOCH}-9`,
          channel: 'wechat',
          verifiedAt: '2026-11-28T04:00:00.000Z',
          by: 'ops',
          reason: 'bought clicks'
        }
      }
    ]
  },
  'assist.given': {
    when: 'a user helped the share of somebody else; the user of the event is the helper',
    decisions: [{ activity: 'help', report: `0-${EPOCH}-9,ann,1|points 1 1`, request: {} }]
  },
  'assist.voided': {
    when: 'an operator voided an assist; what its share had reached by it is taken back',
    decisions: [
      {
        activity: 'help',
        request: {
          assist: `0-${EPOCH}-11`,
          share: `0-${EPOCH}-9`,
          sharer: 'ann',
          givenAt: '2026-11-28T04:00:00.000Z',
          by: 'ops',
          reason: 'a second account'
        }
      }
    ]
  },
  'survey.answered': {
    when: 'a user answered a survey; what was answered is told to nobody',
    decisions: [{ activity: 'how-was-it', report: '|points 10 10' }]
  },
  'comment.posted': {
    when: 'a comment was written; with `status: waiting` everybody sees it only after `comment.restored`. Its text is read on the [admin port](admin-api.md) alone',
    decisions: [{ activity: 'talk', report: 'topic,delivery,,shown,|points 2 12' }]
  },
  'comment.hidden': { when: 'an operator or a service hid a comment', decisions: [moderated('hidden')] },
  'comment.restored': {
    when: 'an operator or a service let everybody see a comment that waited or was hidden',
    decisions: [moderated('shown')]
  },
  'like.given': {
    when: 'a user liked an activity, a topic or a comment',
    decisions: [{ activity: 'talk', report: 'topic,delivery,3' }]
  },
  'balance.credited': {
    when: 'an operator granted something, or an opening balance was imported',
    decisions: [
      { activity: '', add: { u: { 'b:points': 100 } }, report: '100', request: { unit: 'points', amount: 100 } }
    ]
  },
  'balance.debited': {
    when: 'an operator took something back, at most what was there',
    decisions: [
      { activity: '', add: { u: { 'b:points': -100 } }, report: '-100', request: { unit: 'points', amount: -100 } },
      { activity: '', add: { u: { 'b:points': -60 } }, report: '-60', request: { unit: 'points', amount: -100 } }
    ]
  },
  'level.changed': {
    when: "a user's earned level rose or fell; `why` is what they have of that on which levels rest, `scope` says whose level it is, `flags` those of the new one",
    decisions: [
      {
        activity: '',
        add: { u: { 'lv:launch': 1 } },
        report: '1',
        request: { scope: 'campaign', from: 0, to: 1, why: { points: 120 }, flags: ['priority-support'] }
      }
    ]
  },
  'user.disqualified': { when: 'an operator excluded a user from a campaign', decisions: none },
  'user.requalified': { when: 'an operator let an excluded user in again', decisions: none },
  'campaign.published': { when: 'a version of a campaign was published', decisions: none },
  'campaign.paused': { when: 'a campaign was paused', decisions: none },
  'campaign.resumed': { when: 'a paused campaign was resumed', decisions: none },
  'campaign.adjusted': {
    when: 'rules or stock in force were changed, codes were loaded, or a version added something',
    decisions: [
      { activity: 'phone', request: { price: 199900 } },
      { activity: 'phone', request: { addStock: -8 }, add: { 's:launch:phone': { 'all-day:remaining': -5 } } }
    ]
  },
  'campaign.ended': {
    when: 'an operator ended a campaign before its closing time, or it is over: then it is no decision, and its id is `campaign.ended:<campaign>`',
    decisions: none
  },
  'campaign.settled': { when: 'a campaign was settled', decisions: none },
  'campaign.archived': {
    when: 'what was of a campaign has left Redis; its file, orders and wins stay. Each shard tells it',
    decisions: none
  },
  'command.accepted': { when: 'a [command](commands.md) was carried out', decisions: [] },
  'command.rejected': { when: 'a command was not carried out; `code` says why', decisions: [] },
  'session.opened': {
    when: 'a session opened. It is no decision: its id is `session.opened:<campaign>:<activity>:<session>`',
    decisions: []
  },
  'session.closed': {
    when: 'a session is over, by the clock or because an operator ended its campaign. Its id is like that of `session.opened`',
    decisions: []
  },
  'activity.soldout': {
    when: 'the units of an open session, or a prize with a quota, ran out on all shards. It is no decision: its id is `activity.soldout:<campaign>:<activity>:<session or prize>:<turn>`, and turns rise',
    decisions: []
  },
  'activity.reopened': {
    when: 'some of them are there again. Its id is like that of `activity.soldout`',
    decisions: []
  },
  'board.frozen': {
    when: 'the order of a leaderboard is final: of a day or week that is over, or of a campaign that is settled. It is no decision: its id is `board.frozen:<campaign>:<board>:<period>`',
    decisions: []
  },
  'reminder.due': {
    when: 'a session opens soon that a user reserved: `remindMinutes` before it, or up to a minute earlier. It is no decision: its id is `reminder.due:<reservation>`, with `:<session>` behind it for each further session',
    decisions: []
  }
}
