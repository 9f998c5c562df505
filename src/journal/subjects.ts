/** Names of streams and subjects. All are derived from the namespace, and only here. */
export interface Names {
  readonly namespace: string
  readonly journalStream: (shard: number, epoch: number) => string
  readonly journalSubject: (shard: number, epoch: number) => string
  /** how the names of a shard's journal streams begin */
  readonly journalPrefix: (shard: number) => string
  /** a stream that exists for a moment, to prove that NATS can store; of a shard, for several are opened at once */
  readonly proofStream: (shard: number) => string
  readonly proofSubject: (shard: number) => string
  /** a stream that exists for a moment, to learn whether there is room for one */
  readonly roomStream: (shard: number) => string
  readonly roomSubject: (shard: number) => string
  /**
   * on which gateways tell the owner that the gate is closed and which units are missing there, and the owner tells them that it is open;
   * no stream keeps that
   */
  readonly gateSubject: (shard: number, word: 'closed' | 'open' | 'wanted') => string
  readonly isOurs: (stream: string) => boolean
  readonly publicStream: string
  /** `campaign` is '' for events that belong to none */
  readonly eventSubject: (campaign: string, type: string) => string
  readonly eventSubjects: string[]
  readonly commandsStream: string
  /** the subject of a command such as order.pay */
  readonly commandSubject: (type: string) => string
  readonly commandSubjects: string[]
  /** the type of command that a subject names, such as order.pay; the type may not exist */
  readonly commandName: (subject: string) => string
  /** what gateways count, for this deployment alone; messages may be lost */
  readonly signalsStream: string
  /** of a gateway process */
  readonly signalSubject: (gateway: string) => string
  readonly signalSubjects: string[]
}

/**
 * Takes the place of the campaign in the subjects of events that belong to none: imported balances of the account, and answers to
 * commands that name no campaign. No campaign's id can contain an underscore.
 */
const NO_CAMPAIGN = '_account'

/** entity.verb of every command that other systems may send instead of an HTTP request. */
export const commandTypes = ['order.pay', 'order.cancel', 'order.ship', 'order.return', 'task.progress'] as const

type CommandType = (typeof commandTypes)[number]

export function isCommandType(name: string): name is CommandType {
  return (commandTypes as readonly string[]).includes(name)
}

/** Names for a namespace such as `floodgate`. */
export function streamNames(namespace: string): Names {
  const upper = namespace.toUpperCase()
  const commandPrefix = `${namespace}-commands.`
  // the name in an earlier version; commands that are still in the queue came under it
  const formerPrefix = `${namespace}.commands.`
  return {
    namespace,
    journalStream: (shard, epoch) => `${upper}_JOURNAL_${shard}_${epoch}`,
    journalSubject: (shard, epoch) => `${namespace}-journal.${shard}.${epoch}`,
    journalPrefix: (shard) => `${upper}_JOURNAL_${shard}_`,
    proofStream: (shard) => `${upper}_PROOF_${shard}`,
    proofSubject: (shard) => `${namespace}-proof.${shard}`,
    roomStream: (shard) => `${upper}_ROOM_${shard}`,
    roomSubject: (shard) => `${namespace}-room.${shard}`,
    gateSubject: (shard, word) => `${namespace}-gate.${shard}.${word}`,
    isOurs: (stream) =>
      stream === upper ||
      new RegExp(`^${upper}_(?:COMMANDS|SIGNALS|(?:PROOF|ROOM)(?:_\\d+)?|JOURNAL_\\d+_\\d+)$`).test(stream),
    publicStream: upper,
    eventSubject: (campaign, type) => `${namespace}.${campaign === '' ? NO_CAMPAIGN : campaign}.${type}`,
    // the only form that lets consumers filter by campaign and by type: nats-server 2.9 accepts a filter only when it
    // lies within a single subject of the stream
    eventSubjects: [`${namespace}.*.>`],
    commandsStream: `${upper}_COMMANDS`,
    // commands have a prefix of their own: below `<ns>.` NATS would take a misspelled command for an event and ack it
    commandSubject: (type) => `${commandPrefix}${type}`,
    commandSubjects: [`${commandPrefix}>`],
    commandName: (subject) => subject.slice((subject.startsWith(formerPrefix) ? formerPrefix : commandPrefix).length),
    signalsStream: `${upper}_SIGNALS`,
    signalSubject: (gateway) => `${namespace}-signals.${gateway}`,
    signalSubjects: [`${namespace}-signals.>`]
  }
}
