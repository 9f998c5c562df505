import type { ToldType } from '../../src/events/types.ts'
import type { FrameDecision } from '../../src/journal/frame.ts'

/** `decisions` are such as an event is told of, whose members together are what its `data` may have. */
export interface EventWords {
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

/** Examples of every event that this version tells; when it is told stands in src/events/when.ts. */
export const told: Record<ToldType, EventWords> = {
  'order.accepted': {
    decisions: [{ activity: 'phone', put: { u: { [`o:${order}`]: bought('a') } }, request: { quantity: 1 } }]
  },
  'order.paid': { decisions: [movedOn('p', 'order.paid')] },
  'order.cancelled': {
    decisions: [movedOn('c', 'order.cancelled')]
  },
  'order.expired': { decisions: [movedOn('e', 'order.expired')] },
  'order.shipped': {
    decisions: [movedOn('s', 'order.shipped')]
  },
  'order.returned': {
    decisions: [movedOn('s', 'order.returned')]
  },
  'order.refund-due': {
    decisions: [movedOn('c', 'order.refund-due', { report: 'c,0,299900,CNY,pay-2' })]
  },
  'spin.won': {
    decisions: [
      {
        activity: 'wheel',
        report: 'first,,3a16ae9a3ac1b,,first,,0,|chances:wheel -1 2',
        put: { u: { [`w:${order}`]: wonAt } }
      },
      {
        activity: 'wheel',
        key: `x:spin:0-${EPOCH}-5`,
        report: 'first,,3a16ae9a3ac1b,,first,,0,',
        put: { u: { [`w:${order}`]: wonAt } }
      }
    ]
  },
  'spin.lost': {
    decisions: [
      { activity: 'wheel', report: 'thanks,clover,0a1b2c3d4e5f6,9f,thanks,,0,|points -10 90' },
      { activity: 'wheel', key: `x:spin:0-${EPOCH}-5`, report: 'thanks,,0a1b2c3d4e5f6,9f,first,exhausted,0,' }
    ]
  },
  'spin.drawn': {
    decisions: [{ activity: 'wheel', report: 'first,,0a1b2c3d4e5f6,9f,first,,0,|points -10 90' }]
  },
  'win.granted': {
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
  'win.claimed': { decisions: [ofWin('c', { report: win })] },
  'win.fulfilled': {
    decisions: [
      ofWin('c', {
        report: `${win},s,1`,
        request: { state: 'shipped', carrier: 'SF', trackingNumber: 'SF-1', by: 'ann' }
      })
    ]
  },
  'win.revoked': {
    decisions: [ofWin('r', { report: `${win}|points -5 0` }), ofWin('r', { report: `${win},points 3|points -2 0` })]
  },
  'claim.accepted': {
    decisions: [{ activity: 'ticket', report: '1,tickets|points -50 0' }]
  },
  'task.completed': {
    decisions: [{ activity: 'check-in', report: '20781,1,0,,1|points 10 10' }]
  },
  'reservation.made': {
    decisions: [
      { activity: 'remind', report: `am,${at + 36e5},am` },
      { activity: 'remind', report: `,${at + 36e5},am` }
    ]
  },
  'reward.credited': {
    decisions: [{ activity: 'friends', report: ',0-1-7|points 50 50', request: { cause: '0-1-7' } }]
  },
  'reward.taken-back': {
    decisions: [{ activity: 'friends', report: '1-7,points 20|points -30 0', request: { cause: '0-1-7' } }]
  },
  'board.awarded': {
    decisions: [{ activity: 'top', report: ',campaign:3|points 100 140', request: { period: 'campaign', rank: 3 } }]
  },
  'invite.created': { decisions: [{ activity: 'friends' }] },
  'invite.accepted': {
    decisions: [{ activity: 'friends', report: `bob,0-${EPOCH}-1,` }]
  },
  'invite.qualified': {
    decisions: [{ activity: 'friends', report: `,0-${EPOCH}-4|points 20 20`, request: paired }]
  },
  'invite.voided': {
    decisions: [{ activity: 'friends', report: `,0-${EPOCH}-4`, request: { ...paired, reason: 'CIRCULAR' } }]
  },
  'game.completed': {
    decisions: [{ activity: 'puzzle', report: 'solved,20781,2,|points 5 5' }]
  },
  'share.created': {
    decisions: [{ activity: 'sharing', report: 'wechat,goods,phone', request: {} }]
  },
  'share.verified': {
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
      },
      { activity: 'sharing', request: { share: `0-${EPOCH}-9`, channel: 'wechat', by: 'ops', reason: 'bought clicks' } }
    ]
  },
  'assist.given': {
    decisions: [{ activity: 'help', report: `0-${EPOCH}-9,ann,1|points 1 1`, request: {} }]
  },
  'assist.voided': {
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
    decisions: [{ activity: 'how-was-it', report: '|points 10 10' }]
  },
  'comment.posted': {
    decisions: [{ activity: 'talk', report: 'topic,delivery,,shown,|points 2 12' }]
  },
  'comment.hidden': { decisions: [moderated('hidden')] },
  'comment.restored': {
    decisions: [moderated('shown')]
  },
  'like.given': {
    decisions: [{ activity: 'talk', report: 'topic,delivery,3' }]
  },
  'balance.credited': {
    decisions: [
      { activity: '', add: { u: { 'b:points': 100 } }, report: '100', request: { unit: 'points', amount: 100 } }
    ]
  },
  'balance.debited': {
    decisions: [
      { activity: '', add: { u: { 'b:points': -100 } }, report: '-100', request: { unit: 'points', amount: -100 } },
      { activity: '', add: { u: { 'b:points': -60 } }, report: '-60', request: { unit: 'points', amount: -100 } }
    ]
  },
  'balance.expired': {
    decisions: [
      { activity: '', add: { u: { 'b:points': -40 } }, report: '-40', request: { unit: 'points', amount: -40 } }
    ]
  },
  'level.changed': {
    decisions: [
      {
        activity: '',
        add: { u: { 'lv:launch': 1 } },
        report: '1',
        request: { scope: 'campaign', from: 0, to: 1, why: { points: 120 }, flags: ['priority-support'] }
      }
    ]
  },
  'user.disqualified': { decisions: none },
  'user.requalified': { decisions: none },
  'campaign.published': { decisions: none },
  'campaign.paused': { decisions: none },
  'campaign.resumed': { decisions: none },
  'campaign.adjusted': {
    decisions: [
      { activity: 'phone', request: { price: 199900 } },
      { activity: 'phone', request: { addStock: -8 }, add: { 's:launch:phone': { 'all-day:remaining': -5 } } }
    ]
  },
  'campaign.ended': {
    decisions: none
  },
  'campaign.settled': { decisions: none },
  'campaign.archived': { decisions: none },
  'command.accepted': { decisions: [] },
  'command.rejected': { decisions: [] },
  'session.opened': {
    decisions: []
  },
  'session.closed': {
    decisions: []
  },
  'activity.soldout': {
    decisions: []
  },
  'activity.reopened': {
    decisions: []
  },
  'board.frozen': {
    decisions: []
  },
  'reminder.due': {
    decisions: []
  }
}
