import { decoders, type Report, type ReportKind } from './reports/index.ts'

/** What keeps a record of its own with its user, under the id of the decision that made it. */
export type EntityKind = 'order' | 'win'

interface DecisionKind {
  /** what the decision makes or moves; null where it is about neither */
  readonly entity: EntityKind | null
  /** whether it makes that, so that its own id is the entity's */
  readonly makes?: true
  /** whether it moves stock and counters only: it gives nothing, and moves no balance */
  readonly onlyTakes?: true
  /** whether it says a part only: the rest is a decision of its own, under `replayField.spin` of it */
  readonly isPart?: true
  /** the kind of its report; null where a decision of the type says nothing */
  readonly report: ReportKind | null
}

/** Every type of decision (entity.verb): what it is about, and which kind of report it has. A new kind of activity adds its types here. */
export const decisions = {
  'order.accepted': { entity: 'order', makes: true, onlyTakes: true, report: null },
  'order.paid': { entity: 'order', report: null },
  'order.cancelled': { entity: 'order', report: 'refund' },
  'order.expired': { entity: 'order', report: null },
  'order.shipped': { entity: 'order', report: null },
  'order.returned': { entity: 'order', report: 'refund' },
  'order.refund-due': { entity: 'order', report: 'refund' },
  'spin.won': { entity: 'win', makes: true, report: 'spin' },
  'spin.lost': { entity: null, report: 'spin' },
  'spin.drawn': { entity: null, isPart: true, report: 'spin' },
  'win.claimed': { entity: 'win', report: 'winChange' },
  'win.fulfilled': { entity: 'win', report: 'fulfilment' },
  'win.revoked': { entity: 'win', report: 'winChange' },
  'claim.accepted': { entity: null, report: 'redemption' },
  'task.completed': { entity: null, report: 'completion' },
  'game.completed': { entity: null, report: 'game' },
  'reservation.made': { entity: null, report: 'reservation' },
  'reward.credited': { entity: null, report: 'credit' },
  'reward.taken-back': { entity: null, report: 'takenBack' },
  'board.awarded': { entity: null, report: 'credit' },
  'invite.created': { entity: null, onlyTakes: true, report: null },
  'invite.accepted': { entity: null, onlyTakes: true, report: 'acceptance' },
  'invite.qualified': { entity: null, report: 'credit' },
  'invite.voided': { entity: null, report: 'credit' },
  'share.created': { entity: null, report: 'share' },
  'share.verified': { entity: null, report: 'credit' },
  'share.voided': { entity: null, report: null },
  'assist.given': { entity: null, report: 'assist' },
  'assist.voided': { entity: null, report: null },
  'survey.answered': { entity: null, report: 'survey' },
  'comment.posted': { entity: null, report: 'comment' },
  'comment.hidden': { entity: null, report: null },
  'comment.restored': { entity: null, report: null },
  'like.given': { entity: null, report: 'like' },
  'balance.credited': { entity: null, report: 'adjustment' },
  'balance.debited': { entity: null, report: 'adjustment' },
  'balance.expired': { entity: null, report: 'adjustment' },
  'level.changed': { entity: null, report: 'adjustment' },
  'user.disqualified': { entity: null, report: 'adjustment' },
  'user.requalified': { entity: null, report: 'adjustment' },
  'campaign.published': { entity: null, report: 'adjustment' },
  'campaign.paused': { entity: null, report: 'adjustment' },
  'campaign.resumed': { entity: null, report: 'adjustment' },
  'campaign.adjusted': { entity: null, report: 'adjustment' },
  'campaign.ended': { entity: null, report: 'adjustment' },
  'campaign.settled': { entity: null, report: 'adjustment' },
  'campaign.archived': { entity: null, report: null }
} as const satisfies Readonly<Record<string, DecisionKind>>

/**
 * The type of those decisions that take a campaign out of Redis, all but the last. It is none of those above, so no event tells of them:
 * there is one for each 128 users.
 */
export const LEAVING = 'campaign.leaving'

/**
 * The types of those decisions that move units between shards: what the one lends, and what the other receives. No event tells of them
 * either: all shards together have as many units as before.
 */
export const LENT = 'stock.lent'
export const RECEIVED = 'stock.received'

export type DecisionType = keyof typeof decisions

type FirstWord<Type> = Type extends `${infer Word}.${string}` ? Word : never

/** The first word of a type of decision: what it decides about, such as `spin` of `spin.won`. */
export type Decidable = FirstWord<DecisionType>

const kinds: Readonly<Record<string, DecisionKind>> = {
  ...decisions,
  [LENT]: { entity: null, report: 'adjustment' },
  [RECEIVED]: { entity: null, report: 'adjustment' }
}

/** Whether this version decides so and tells of it; a journal may hold types of another version. */
export function isDecisionType(type: string): type is DecisionType {
  return Object.hasOwn(decisions, type)
}

/**
 * What a decision of a type makes or moves; null where its type is about neither an order nor a win. Such a decision still makes a win
 * where its reward holds a prize, which its record says (record/entities.ts).
 */
export function entityKindOf(type: string): EntityKind | null {
  return kinds[type]?.entity ?? null
}

/** Whether every decision of a type makes an order or a win, which has the decision's own id. */
export function makesEntity(type: string): boolean {
  return kinds[type]?.makes === true
}

/** Whether a decision of a type gives nothing and moves no balance, so that nobody need look for that. */
export function onlyTakes(type: string): boolean {
  return kinds[type]?.onlyTakes === true
}

/** Whether a decision of a type says a part only, and the rest is a decision of its own. */
export function isPart(type: string): boolean {
  return kinds[type]?.isPart === true
}

/** The kind of report that decisions of a type have; null where they say nothing. */
export function reportKindOf(type: string): ReportKind | null {
  return kinds[type]?.report ?? null
}

/** Reads a decision's report by its type; undefined where it says nothing. */
export function decodeReport(type: string, text: string): Report | undefined {
  const kind = reportKindOf(type)
  return kind === null ? undefined : decoders[kind](text)
}
