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
  /** stands for a moment, to learn whether there is room for a stream */
  readonly roomStream: string
  readonly roomSubject: string
  readonly isOurs: (stream: string) => boolean
  readonly publicStream: string
  /** `campaign` '' for what belongs to none */
  readonly eventSubject: (campaign: string, type: string) => string
  readonly eventSubjects: string[]
  readonly commandsStream: string
  /** the subject of a command such as order.pay */
  readonly commandSubject: (type: string) => string
  readonly commandSubjects: string[]
  /** what the subject says that a command is, such as order.pay; whether there is such a command it does not say */
  readonly commandName: (subject: string) => string
}

/**
 * Stands in subjects where the campaign would, for events that belong to none: imported balances of the account, answers to
 * commands that name no campaign. No campaign's id can hold an underscore.
 */
const NO_CAMPAIGN = '_account'

/** entity.verb of every command that other systems may send instead of calling HTTP. */
export const commandTypes = ['order.pay', 'order.cancel', 'order.ship', 'order.return', 'task.progress'] as const

type CommandType = (typeof commandTypes)[number]

export function isCommandType(name: string): name is CommandType {
  return (commandTypes as readonly string[]).includes(name)
}

/** Names for a namespace such as `floodgate`. */
export function streamNames(namespace: string): Names {
  const upper = namespace.toUpperCase()
  const commandPrefix = `${namespace}-commands.`
  // an earlier version's; what is still in the queue came on it
  const formerPrefix = `${namespace}.commands.`
  return {
    namespace,
    journalStream: (shard, epoch) => `${upper}_JOURNAL_${shard}_${epoch}`,
    journalSubject: (shard, epoch) => `${namespace}-journal.${shard}.${epoch}`,
    journalPrefix: (shard) => `${upper}_JOURNAL_${shard}_`,
    proofStream: `${upper}_PROOF`,
    proofSubject: `${namespace}-proof`,
    roomStream: `${upper}_ROOM`,
    roomSubject: `${namespace}-room`,
    isOurs: (stream) =>
      stream === upper || new RegExp(`^${upper}_(?:COMMANDS|SIGNALS|PROOF|ROOM|JOURNAL_\\d+_\\d+)$`).test(stream),
    publicStream: upper,
    eventSubject: (campaign, type) => `${namespace}.${campaign === '' ? NO_CAMPAIGN : campaign}.${type}`,
    // the one form that consumers may filter by campaign and by type alike: nats-server 2.9 takes a filter only where it
    // lies within a single subject of the stream
    eventSubjects: [`${namespace}.*.>`],
    commandsStream: `${upper}_COMMANDS`,
    // a prefix of their own: below `<ns>.` a command that is spelled wrongly would be taken for an event, and acked
    commandSubject: (type) => `${commandPrefix}${type}`,
    commandSubjects: [`${commandPrefix}>`],
    commandName: (subject) => subject.slice((subject.startsWith(formerPrefix) ? formerPrefix : commandPrefix).length)
  }
}
