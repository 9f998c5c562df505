import { type TProperties, type TSchema, Type } from 'typebox'
import { type ToldType, toldTypes } from './types.ts'

// What `data` of each event holds. Members are only added, so none of the schemas closes its object.

const text = Type.String()
const whole = Type.Integer()
const time = Type.String({ format: 'date-time' })
const orNone = (type: 'string' | 'integer', description?: string) =>
  Type.Unsafe<string | number | null>({ type: [type, 'null'], ...(description !== undefined && { description }) })
const note = orNone('string')
const count = orNone('integer')
const timeOrNone = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' })
const maybe = <S extends TSchema>(schema: S) => Type.Optional(schema)
const minor = Type.Integer({ description: 'minor units' })

const moves = Type.Array(Type.Object({ unit: text, delta: whole, balance: whole }), {
  description: 'balances as they were right after'
})
const amounts = Type.Array(Type.Object({ unit: text, amount: whole }))
const own = Type.Array(Type.Object({ unit: text, scope: text, delta: whole }))
const subject = Type.Object({ type: text, id: text })
const cappedBy = orNone('string', 'the cap that cut what was credited')

/** Of every decision. */
const decided = {
  user: Type.String({ description: 'empty where it is about no user' }),
  campaign: Type.String({ description: 'empty where it is about none' }),
  activity: Type.String({ description: 'empty where it is about none' }),
  request: Type.Unknown({ description: 'what was asked for' }),
  sequence: whole,
  entityVersion: Type.Integer({ description: 'only rises for an order, a win or a campaign' })
}

const order = {
  order: text,
  session: text,
  quantity: whole,
  unitPrice: minor,
  currency: Type.String({ description: 'ISO 4217' }),
  status: text,
  acceptedAt: timeOrNone,
  payBy: timeOrNone,
  shipBy: timeOrNone,
  position: whole,
  returned: whole,
  refunded: minor,
  shipment: Type.Unsafe<object | null>({
    ...Type.Object({ state: note, carrier: note, trackingNumber: note }),
    type: ['object', 'null']
  })
}

const win = {
  win: text,
  draw: text,
  prize: text,
  subPrize: note,
  tier: whole,
  type: text,
  status: text,
  wonAt: timeOrNone,
  claimBy: timeOrNone,
  given: amounts
}

const drawn = { number: note, previousNumber: note, picked: note, reason: note, level: count, moves }
const end = { drawn: maybe(Type.String({ description: 'the `spin.drawn` that it ends' })) }
const credit = { about: note, cappedBy, moves }
const pair = { cause: text, invite: text, inviter: text, invitee: text }
const moderated = { comment: text, discussion: text, status: text, by: note, reason: note }
const named = {
  user: text,
  campaign: text,
  command: Type.Object({ type: text, source: text, id: text, attempt: whole })
}
const place = { campaign: text, activity: text }
const times = { opensAt: time, closesAt: time }
const stock = { session: maybe(text), prize: maybe(text), remaining: whole, mayReopen: Type.Boolean() }

/** What each decision tells beside the members of all. */
const ofDecisions = {
  'order.accepted': order,
  'order.paid': order,
  'order.cancelled': order,
  'order.expired': order,
  'order.shipped': order,
  'order.returned': order,
  'order.refund-due': { ...order, amount: minor, reference: note, cause: text },
  'spin.won': { ...win, spin: text, ...drawn, ...end },
  'spin.lost': { spin: text, draw: text, prize: note, subPrize: note, win: note, ...drawn, ...end },
  'spin.drawn': { spin: text, draw: text, ...drawn },
  'win.granted': { ...win, cause: text, causeType: text },
  'win.claimed': { ...win, moves },
  'win.fulfilled': {
    ...win,
    state: text,
    attempt: Type.Integer({ description: 'how often something was noted of it' }),
    carrier: note,
    trackingNumber: note,
    reason: note
  },
  'win.revoked': { ...win, moves, shortfall: maybe(amounts) },
  'claim.accepted': { claim: text, item: text, quantity: whole, pool: note, moves },
  'task.completed': {
    completion: text,
    task: text,
    day: count,
    streak: count,
    streakBonus: Type.Boolean(),
    cappedBy,
    factor: count,
    moves
  },
  'game.completed': { result: text, game: text, outcome: text, day: text, attemptsLeft: count, cappedBy, moves },
  'reservation.made': { reservation: text, session: note, remindAt: time },
  'reward.credited': { cause: text, ...credit },
  'reward.taken-back': { cause: text, credit: text, moves, shortfall: amounts },
  'board.awarded': { period: text, rank: whole, ...credit, owed: orNone('string', 'the prize that is owed') },
  'invite.created': { code: text },
  'invite.accepted': { invite: text, inviter: text, code: text },
  'invite.qualified': { ...pair, ...credit },
  'invite.voided': { ...pair, reason: text, ...credit },
  'share.created': { share: text, channel: text, subject },
  'share.verified': { share: text, channel: text, verifiedBy: text, verifiedAt: time, cause: text, ...credit },
  'share.voided': { share: text, channel: text, verifiedAt: maybe(time), by: text, reason: note },
  'assist.given': { assist: text, share: text, sharer: text, count: whole, moves },
  'assist.voided': { assist: text, share: text, sharer: text, givenAt: time, by: text, reason: note },
  'survey.answered': { answer: text, survey: text, cappedBy, moves },
  'comment.posted': { comment: text, discussion: text, subject, replyTo: note, status: text, cappedBy, moves },
  'comment.hidden': moderated,
  'comment.restored': moderated,
  'like.given': { like: text, discussion: text, subject, count: whole },
  'balance.credited': { credits: own },
  'balance.debited': { debits: own, shortfall: maybe(amounts) },
  'balance.expired': { debits: own },
  'level.changed': {
    scope: text,
    from: whole,
    to: whole,
    why: Type.Unsafe<object>({ type: 'object', additionalProperties: { type: 'integer' } }),
    flags: Type.Array(text)
  },
  'user.disqualified': {},
  'user.requalified': {},
  'campaign.published': {},
  'campaign.paused': {},
  'campaign.resumed': {},
  'campaign.adjusted': {
    stock: maybe(Type.Array(Type.Object({ activity: text, item: text, added: whole }))),
    addStock: maybe(whole)
  },
  'campaign.settled': {},
  'campaign.archived': {}
} as const satisfies Partial<Record<ToldType, TProperties>>

/** What events tell that are no decisions, and what may be one or not. */
const ofOthers: Readonly<Record<Exclude<ToldType, keyof typeof ofDecisions>, TProperties>> = {
  'campaign.ended': {
    ...Object.fromEntries(Object.entries(decided).map(([name, schema]) => [name, maybe(schema)])),
    ...place,
    opensAt: maybe(time),
    closesAt: maybe(time)
  },
  'command.accepted': { ...named },
  'command.rejected': { ...named, code: text, detail: text },
  'session.opened': { ...place, session: text, ...times },
  'session.closed': { ...place, session: text, ...times },
  'activity.soldout': { ...place, ...stock },
  'activity.reopened': { ...place, ...stock },
  'board.frozen': { ...place, board: text, period: text, ranked: whole },
  'reminder.due': { user: text, ...place, reservation: text, of: text, session: text, opensAt: time }
}

const all: Readonly<Record<string, TProperties>> = {
  ...Object.fromEntries(Object.entries(ofDecisions).map(([type, members]) => [type, { ...decided, ...members }])),
  ...ofOthers
}

/** The schema of `data` of each event. */
export const dataSchemas = Object.fromEntries(
  toldTypes.map((type): [string, TSchema] => [type, Type.Object(all[type] ?? {}, { title: `Data of ${type}` })])
) as Readonly<Record<ToldType, TSchema>>
