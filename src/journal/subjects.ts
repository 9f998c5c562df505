/** Names of streams and subjects, all derived from the namespace, in this one place. */
export interface Names {
  readonly namespace: string
  readonly journalStream: (shard: number, epoch: number) => string
  readonly journalSubject: (shard: number, epoch: number) => string
  /** prefix of the names of a shard's journal streams */
  readonly journalPrefix: (shard: number) => string
  /** a stream that exists for a moment, to prove that NATS stores */
  readonly proofStream: string
  readonly proofSubject: string
  readonly publicStream: string
  /** `campaign` '' for what belongs to none */
  readonly eventSubject: (campaign: string, type: string) => string
  readonly eventSubjects: string[]
  readonly commandsStream: string
  readonly commandSubjects: string[]
  /** entity.verb of a command by the subject on which it came, undefined for any other subject */
  readonly commandType: (subject: string) => CommandType | undefined
}

/**
 * Stands in subjects where the campaign would, for events that belong to none: imported balances of the account, answers to
 * commands that name no campaign. No campaign's id can hold an underscore.
 */
export const NO_CAMPAIGN = '_account'

/**
 * entity.verb of every public event. Each is a subject of the public stream by name, because `<ns>.*.*.*` would overlap
 * with the subjects of the commands stream, which JetStream refuses.
 */
export const eventTypes = [
  'order.accepted',
  'order.paid',
  'order.cancelled',
  'order.expired',
  'order.shipped',
  'order.returned',
  'order.refund-due',
  'spin.won',
  'spin.lost',
  'win.claimed',
  'win.revoked',
  'win.fulfilled',
  'claim.accepted',
  'task.completed',
  'balance.credited',
  'balance.debited',
  'balance.expired',
  'invite.accepted',
  'invite.qualified',
  'share.created',
  'share.verified',
  'share.voided',
  'assist.given',
  'level.changed',
  'user.disqualified',
  'user.requalified',
  'campaign.published',
  'campaign.paused',
  'campaign.resumed',
  'campaign.adjusted',
  'campaign.ended',
  'campaign.settled',
  'session.opened',
  'activity.soldout',
  'activity.reopened',
  'command.accepted',
  'command.rejected'
] as const

/** entity.verb of every command that other systems may send instead of calling HTTP, by name as above. */
export const commandTypes = ['order.pay', 'order.cancel', 'order.ship', 'order.return', 'task.progress'] as const

export type CommandType = (typeof commandTypes)[number]

/** Names for a namespace such as `floodgate`. */
export function streamNames(namespace: string): Names {
  const upper = namespace.toUpperCase()
  const commandSubject = (type: string) => `${namespace}.commands.${type}`
  return {
    namespace,
    journalStream: (shard, epoch) => `${upper}_JOURNAL_${shard}_${epoch}`,
    journalSubject: (shard, epoch) => `${namespace}-journal.${shard}.${epoch}`,
    journalPrefix: (shard) => `${upper}_JOURNAL_${shard}_`,
    proofStream: `${upper}_PROOF`,
    proofSubject: `${namespace}-proof`,
    publicStream: upper,
    eventSubject: (campaign, type) => `${namespace}.${campaign === '' ? NO_CAMPAIGN : campaign}.${type}`,
    eventSubjects: eventTypes.map((type) => `${namespace}.*.${type}`),
    commandsStream: `${upper}_COMMANDS`,
    commandSubjects: commandTypes.map(commandSubject),
    commandType: (subject) => commandTypes.find((type) => commandSubject(type) === subject)
  }
}
