/** Names of streams and subjects, all derived from the namespace, in this one place. */
export interface Names {
  readonly namespace: string
  readonly journalStream: (shard: number, epoch: number) => string
  readonly journalSubject: (shard: number, epoch: number) => string
  /** prefix of the names of a shard's journal streams */
  readonly journalPrefix: (shard: number) => string
  readonly publicStream: string
  readonly eventSubject: (campaign: string, type: string) => string
  readonly eventSubjects: string[]
}

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

/** Names for a namespace such as `floodgate`. */
export function streamNames(namespace: string): Names {
  const upper = namespace.toUpperCase()
  return {
    namespace,
    journalStream: (shard, epoch) => `${upper}_JOURNAL_${shard}_${epoch}`,
    journalSubject: (shard, epoch) => `${namespace}-journal.${shard}.${epoch}`,
    journalPrefix: (shard) => `${upper}_JOURNAL_${shard}_`,
    publicStream: upper,
    // what belongs to no campaign, such as an imported balance; no campaign's id can hold an underscore
    eventSubject: (campaign, type) => `${namespace}.${campaign === '' ? '_account' : campaign}.${type}`,
    eventSubjects: eventTypes.map((type) => `${namespace}.*.${type}`)
  }
}
