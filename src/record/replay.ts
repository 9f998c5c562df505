/**
 * Replay fields of a user's hash: under which field a decision is found again by whoever asked for it. A client's keys have a prefix of
 * their own, so that no client can name what the system asks for.
 */
export const replayField = {
  /** of a client, by its Idempotency-Key */
  client: (key: string) => `u:${key}`,
  /** of an operator or a service, by its Idempotency-Key */
  operator: (name: string, key: string) => `x:op:${name}:${key}`,
  /** of a change of a campaign or a grant, by its intent */
  intent: (id: number) => `x:adj:${id}`,
  /** a payment counts once by its reference, whoever reports it and under whichever key */
  payment: (order: string, reference: string) => `x:pay:${order}:${reference}`,
  expiry: (order: string) => `x:expire:${order}`,
  revocation: (win: string) => `x:revoke:${win}`,
  /** of a win that its own claim hands over, by its code */
  handover: (win: string) => `x:hand:${win}`,
  /** of something that a job in bulk has to do: an order, or what else it names */
  job: (job: number, item: string) => `x:job:${job}:${item}`,
  /** of a share or an assist, by an operator */
  voiding: (id: string) => `x:voided:${id}`,
  /** a goal that was reached, in a local day or '' over the campaign */
  goal: (campaign: string, task: string, period: string) => `x:task:${campaign}/${task}/${period}`,
  /** the result of an attempt at a game, by the event of the system that reports it, `<source>:<id>` */
  gameResult: (campaign: string, game: string, event: string) => `x:game:${campaign}/${game}/${event}`,
  /** what a user gets for what somebody else did: once for a cause (a decision, or a place on a board) and a role */
  credit: (cause: string, role: string) => `x:credit:${cause}:${role}`,
  takeBack: (cause: string, role: string) => `x:void:${cause}:${role}`,
  /** the nth change of an earned level, of a campaign or of the account ('') */
  level: (scope: string, nth: number) => `x:level:${scope}:${nth}`,
  /** the end of a spin that was drawn, by the id of that decision */
  spin: (drawn: string) => `x:spin:${drawn}`,
  importLine: (unit: string, reference: string) => `x:imp:${unit}:${reference}`,
  /** what a shard lends to another one, by the loan */
  lend: (loan: string) => `x:lend:${loan}`,
  /** what the other one receives of it */
  receipt: (loan: string) => `x:recv:${loan}`,
  /** the nth decision of those that take a campaign out of Redis */
  archive: (campaign: string, nth: number) => `x:arc:${campaign}:${nth}`,
  /** a command of another system, by the digest of its source and id */
  command: (digest: string) => `x:cmd:${digest}`
} as const

/** A row that somebody works off, by asking the gate under the field that names it. */
type Work = 'intents' | 'imports' | 'credits' | 'goals' | 'levels' | 'jobs' | 'loans'

/**
 * By family: the text that its fields begin with, and what has to be closed before one that is old enough is forgotten. Nothing where
 * nobody asks again by himself: the key of a client is a new request once it is old; an order that has expired stays so; and who reports
 * from outside (operators, payments, results, commands) is answered from Postgres before the gate is asked.
 */
const families = {
  client: { prefix: 'u:', work: undefined },
  operator: { prefix: 'x:op:', work: undefined },
  intent: { prefix: 'x:adj:', work: 'intents' },
  payment: { prefix: 'x:pay:', work: undefined },
  expiry: { prefix: 'x:expire:', work: undefined },
  revocation: { prefix: 'x:revoke:', work: undefined },
  // what is credited already is not credited again, whatever is forgotten
  handover: { prefix: 'x:hand:', work: undefined },
  job: { prefix: 'x:job:', work: 'jobs' },
  voiding: { prefix: 'x:voided:', work: undefined },
  goal: { prefix: 'x:task:', work: 'goals' },
  gameResult: { prefix: 'x:game:', work: undefined },
  credit: { prefix: 'x:credit:', work: 'credits' },
  takeBack: { prefix: 'x:void:', work: 'credits' },
  level: { prefix: 'x:level:', work: 'levels' },
  // its row goes with the decision itself, and the user's hash says that it is ended
  spin: { prefix: 'x:spin:', work: undefined },
  importLine: { prefix: 'x:imp:', work: 'imports' },
  lend: { prefix: 'x:lend:', work: 'loans' },
  receipt: { prefix: 'x:recv:', work: 'loans' },
  // what is removed already is removed again, which changes nothing
  archive: { prefix: 'x:arc:', work: undefined },
  command: { prefix: 'x:cmd:', work: undefined }
} as const satisfies Record<keyof typeof replayField, { readonly prefix: string; readonly work: Work | undefined }>

/** How the keys of decisions begin that follow from others: rewards of goals, rewards for what others did, levels. */
export const FOLLOWING: readonly string[] = [families.goal, families.credit, families.takeBack, families.level].map(
  ({ prefix }) => prefix
)

/** How the keys of decisions begin that give what users get for what others did. */
export const CREDITING: string = families.credit.prefix

/** How the keys of decisions begin that take campaigns out of Redis: no archive holds them. */
export const ARCHIVING: string = families.archive.prefix

const byPrefix = new Map(Object.values(families).map((family) => [family.prefix as string, family]))
const PREFIX = /^(?:x:[^:]*|u):/

/** Whether a field of a user's hash is a replay field, of a family that this version knows or not. */
export const isReplay = (field: string): boolean => PREFIX.test(field)

/** What has to be closed before a replay field is forgotten: the kind of a row, and its name. */
interface Closing {
  readonly work: Work | undefined
  readonly name: string
}

/** Undefined for a field of no family that this version knows: another version may ask for it. */
export function closing(field: string): Closing | undefined {
  const [prefix = ''] = PREFIX.exec(field) ?? []
  const family = byPrefix.get(prefix)
  return family && { work: family.work, name: field.slice(prefix.length) }
}

const CLIENT = replayField.client('')
const SPIN: string = families.spin.prefix
const INTENT = /^x:adj:(\d+)$/

/** The Idempotency-Key of a client's replay field; undefined for every other field. */
export function clientKeyOf(field: string): string | undefined {
  return field.startsWith(CLIENT) ? field.slice(CLIENT.length) : undefined
}

/** The decision that one under a replay field ends; undefined for every other field. */
export function endedBy(field: string): string | undefined {
  return field.startsWith(SPIN) ? field.slice(SPIN.length) : undefined
}

/** The intent of an operator's replay field; undefined for every other field. */
export function intentOf(field: string): number | undefined {
  const [, intent] = INTENT.exec(field) ?? []
  return intent === undefined ? undefined : Number(intent)
}

/** Which decision a replay field's record is of; undefined where the text is no such record. */
export function decisionOfReplay(record: string): { readonly epoch: number; readonly sequence: number } | undefined {
  const [, epoch, sequence] = /^[^;]*;(\d+);(\d+);/.exec(record) ?? []
  return epoch === undefined ? undefined : { epoch: Number(epoch), sequence: Number(sequence) }
}

/** Replay field -> record `hash;epoch;sequence;batch;type;at;entity;report`, as lua/lib/frame.lua writes it. */
export function replayRecord(
  parts: {
    readonly hash: string
    readonly epoch: number
    readonly sequence: number
    readonly batch: number
    readonly type: string
    readonly entity: string
    readonly report: string
  },
  atMs: number
): string {
  const { hash, epoch, sequence, batch, type, entity, report } = parts
  // joined, not a template: a text that is put together piece by piece takes twice the memory until somebody reads it
  return [hash, epoch, sequence, batch, type, atMs, entity, report].join(';')
}
