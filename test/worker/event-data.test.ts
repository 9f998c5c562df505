import { test } from 'tap'
import { toEvents } from '../../src/events/cloud-event.ts'
import type { Frame, FrameDecision } from '../../src/journal/frame.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { insideUser } from '../../src/store/connection/user-name.ts'
import { answerOf } from '../../src/worker/commands/answers.ts'

const names = streamNames('floodgate')
const EPOCH = 1_700_000_000

function allTold(decision: Partial<FrameDecision> & { readonly type: string }) {
  const whole: FrameDecision = {
    seq: 7,
    user: 'ann',
    key: 'u:key',
    hash: '',
    campaign: 'launch',
    activity: 'wheel',
    request: {},
    ...decision
  }
  const frame: Frame = { v: 1, shard: 0, epoch: EPOCH, batch: 3, at: EPOCH * 1000, decisions: [whole] }
  const events = toEvents(frame, whole, names)
  if (events.length === 0) throw new Error(`${decision.type} is not told`)
  return events.map((event) => {
    const { subject, data } = JSON.parse(event.payload) as { subject: string; data: object }
    return { on: event.subject, id: event.id, subject, data }
  })
}

/** The event of a decision that is told as one. */
function told(decision: Partial<FrameDecision> & { readonly type: string }) {
  const [event, ...others] = allTold(decision)
  if (event === undefined || others.length > 0) throw new Error(`${decision.type} is told as ${others.length + 1}`)
  return event
}

const won = `g;${EPOCH}-3;launch;wheel;lucky;mug;8;points;${EPOCH * 1000};;points b:points 5`
const claimed = `c;${EPOCH}-9;launch;wheel;first;;1;physical;${EPOCH * 1000};${EPOCH * 1000 + 60_000};`

test('a spin that won says what was won, from which number, and what moved', async (t) => {
  const event = told({
    type: 'spin.won',
    report: 'lucky,mug,0a1b2c3d4e5f6,9f,first,exhausted,2,1|points -10 90|points 5 95',
    put: { u: { [`w:${EPOCH}-7`]: won } }
  })
  t.match(event, { on: 'floodgate.launch.spin.won', id: `0-${EPOCH}-7`, subject: `0-${EPOCH}-7` })
  t.same(event.data, {
    user: 'ann',
    campaign: 'launch',
    activity: 'wheel',
    spin: `0-${EPOCH}-7`,
    draw: 'wheel',
    prize: 'lucky',
    subPrize: 'mug',
    win: `0-${EPOCH}-7`,
    tier: 8,
    type: 'points',
    status: 'given',
    wonAt: new Date(EPOCH * 1000).toISOString(),
    claimBy: null,
    given: [{ unit: 'points', amount: 5 }],
    number: '0a1b2c3d4e5f6',
    previousNumber: '9f',
    picked: 'first',
    reason: 'exhausted',
    level: 2,
    moves: [
      { unit: 'points', delta: -10, balance: 90 },
      { unit: 'points', delta: 5, balance: 95 }
    ],
    request: {},
    sequence: 7,
    entityVersion: 1
  })
})

test('a spin that lost is named by its decision and has no win', async (t) => {
  const event = told({ type: 'spin.lost', report: 'thanks,,0a1b2c3d4e5f6,,thanks,,0,|points -10 90' })
  t.match(event, {
    subject: `0-${EPOCH}-7`,
    data: { prize: 'thanks', subPrize: null, win: null, previousNumber: null }
  })
})

test('the events of a win have the win as their subject, and rising versions', async (t) => {
  const win = `0-${EPOCH}-2`
  const put = { u: { [`w:${EPOCH}-2`]: claimed } }
  t.match(told({ type: 'win.claimed', win, put, report: `${EPOCH}-2` }), {
    subject: win,
    data: { win, prize: 'first', status: 'claimed', entityVersion: 2 }
  })
  const revoked = told({
    type: 'win.revoked',
    win,
    put: { u: { [`w:${EPOCH}-2`]: claimed.replace('c;', 'r;') } },
    report: `${EPOCH}-2,points 3|points -2 0`
  })
  t.match(revoked, {
    subject: win,
    data: {
      status: 'revoked',
      moves: [{ unit: 'points', delta: -2, balance: 0 }],
      shortfall: [{ unit: 'points', amount: 3 }],
      entityVersion: 1_000_000
    }
  })
})

test('claims and completions are named by their decision and say what was paid and earned', async (t) => {
  t.match(told({ type: 'claim.accepted', activity: 'ticket', report: '2,tickets|points -1000 10' }), {
    subject: `0-${EPOCH}-7`,
    data: { item: 'ticket', quantity: 2, pool: 'tickets', moves: [{ unit: 'points', delta: -1000, balance: 10 }] }
  })
  t.match(told({ type: 'task.completed', activity: 'check-in', report: '20781,7,1,chances:wheel,3|points 15 15' }), {
    data: { task: 'check-in', day: 20781, streak: 7, streakBonus: true, cappedBy: 'chances:wheel', factor: 3 }
  })
  t.match(told({ type: 'task.completed', activity: 'buyer', report: ',,0,|chances:wheel 1 1' }), {
    data: { task: 'buyer', day: null, streak: null, streakBonus: false, cappedBy: null, factor: null }
  })
})

test('the event of an account balance has a subject that no campaign can have', async (t) => {
  const event = told({
    type: 'balance.credited',
    campaign: '',
    activity: '',
    report: '50',
    add: { 'u:ann': { 'b:points': 50, 'e:launch/vip': 1 } }
  })
  t.match(event, {
    on: 'floodgate._account.balance.credited',
    subject: 'ann',
    data: { user: 'ann', campaign: '', credits: [{ unit: 'points', scope: '', delta: 50 }] }
  })
})

test('the event of an adjustment says what was done, in rising versions', async (t) => {
  const taken = told({
    type: 'campaign.adjusted',
    key: 'x:adj:41',
    activity: 'phone',
    report: '-5',
    request: { by: 'olga', addStock: -8 },
    add: { 's:launch:phone': { 'am:remaining': -5, 'am:total': -5 } }
  })
  t.match(taken, {
    subject: 'launch',
    data: {
      addStock: -5,
      stock: [{ activity: 'phone', item: 'am', added: -5 }],
      request: { addStock: -8 },
      entityVersion: 41
    }
  })
  t.match(told({ type: 'campaign.paused', key: 'x:adj:42' }), { data: { entityVersion: 42 } })
})

test('the event of an amount taken back says how much was no longer there', async (t) => {
  const debited = told({
    type: 'balance.debited',
    key: 'x:adj:43',
    report: '-100',
    request: { by: 'olga', unit: 'points', amount: -150 },
    add: { 'u:ann': { 'b:points': -100 } }
  })
  t.match(debited, {
    subject: 'ann',
    data: { debits: [{ unit: 'points', scope: '', delta: -100 }], shortfall: [{ unit: 'points', amount: 50 }] }
  })
})

test('an order of an older version has the events that it had', async (t) => {
  const order = `0-${EPOCH}-2`
  const record = `c;${EPOCH}-9;launch;phone;am;2;100;CNY;${EPOCH * 1000};900;;1;0`
  const cancelled = { type: 'order.cancelled', order, put: { u: { [`o:${EPOCH}-2`]: record } } }
  t.match(told({ ...cancelled, add: { s: { 'am:paid': -2, 'am:remaining': 2 } } }), { data: { entityVersion: 3 } })
  t.match(told({ ...cancelled, add: { s: { 'am:held': -2, 'am:remaining': 2 } } }), { data: { entityVersion: 2 } })
  const newer = {
    ...cancelled,
    report: 'c,0,200,CNY,p%3B1',
    put: { u: { [`o:${EPOCH}-2`]: `${record};200;p%3B1;;;;3` } }
  }
  t.match(allTold(newer), [
    { id: `0-${EPOCH}-7`, on: 'floodgate.launch.order.cancelled', data: { entityVersion: 3 } },
    {
      id: `0-${EPOCH}-7-refund`,
      on: 'floodgate.launch.order.refund-due',
      subject: order,
      data: { amount: 200, currency: 'CNY', reference: 'p;1', cause: 'cancellation' }
    }
  ])
})

test('events name users as their issuer named them', async (t) => {
  const user = '=YXV0aDB8NWY3Yw'
  const event = told({ type: 'balance.credited', user, add: { u: { 'b:points': 5 } } })
  t.match(event, { subject: 'auth0|5f7c', data: { user: 'auth0|5f7c' } })
  const command = { source: 'shop', id: '1', type: 'task.progress', attempt: 1 } as const
  const answer = answerOf(names, command, { accepted: true, campaign: 'launch', user, data: {} })
  t.match(JSON.parse(answer.payload), { partitionkey: 'auth0|5f7c', data: { user: 'auth0|5f7c' } })
})

test('a win that a reward gave is told beside the decision, under an id of its own', async (t) => {
  const record = `w;${EPOCH}-3;launch;check-in;mug;;0;coupon;${EPOCH * 1000};${EPOCH * 1000 + 60_000};`
  const [own, granted, ...others] = allTold({
    type: 'task.completed',
    activity: 'check-in',
    report: '20781,1,0,,1|points 5 5|prize:mug 1 1',
    put: { u: { [`w:${EPOCH}-7`]: record } }
  })
  t.strictSame(others, [])
  t.match(own, {
    on: 'floodgate.launch.task.completed',
    id: `0-${EPOCH}-7`,
    data: { moves: [{ unit: 'points', delta: 5, balance: 5 }] }
  })
  t.match(granted, {
    on: 'floodgate.launch.win.granted',
    id: `0-${EPOCH}-7-win`,
    subject: `0-${EPOCH}-7`,
    data: {
      user: 'ann',
      activity: 'check-in',
      win: `0-${EPOCH}-7`,
      prize: 'mug',
      type: 'coupon',
      status: 'won',
      cause: `0-${EPOCH}-7`,
      causeType: 'task.completed',
      sequence: 7,
      entityVersion: 1
    }
  })
  const exhausted = told({ type: 'task.completed', report: '20781,1,0,,1|points 5 5|prize:mug 0 0', put: { u: {} } })
  t.equal(exhausted.on, 'floodgate.launch.task.completed')
})

test('an event is one JSON object with its attributes in order, whatever its user is called', async (t) => {
  const user = 'jö"rg\\1'
  const whole: FrameDecision = {
    seq: 8,
    type: 'spin.lost',
    user: insideUser(user) ?? '',
    key: 'u:key',
    hash: '',
    campaign: 'launch',
    activity: 'wheel',
    request: {},
    report: ',,0a1b2c3d4e5f6,9f,,weights,2,1|points -10 90'
  }
  const frame: Frame = { v: 1, shard: 0, epoch: EPOCH, batch: 3, at: EPOCH * 1000, decisions: [whole] }
  const [event] = toEvents(frame, whole, streamNames('shop-2'))
  const { data, ...attributes } = JSON.parse(event?.payload ?? '') as { data: { user: string } }
  t.equal(data.user, user)
  t.equal(
    JSON.stringify(attributes),
    JSON.stringify({
      specversion: '1.0',
      id: `0-${EPOCH}-8`,
      source: 'urn:floodgate:shop-2',
      type: 'floodgate.spin.lost',
      subject: `0-${EPOCH}-8`,
      time: new Date(EPOCH * 1000).toISOString(),
      datacontenttype: 'application/json',
      dataschema: 'urn:floodgate:schema:spin.lost:1',
      partitionkey: user
    })
  )
})
