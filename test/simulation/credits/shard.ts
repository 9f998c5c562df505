import { ServerError } from '../network.ts'

export interface Decision {
  readonly id: string
  readonly epoch: number
  readonly type: 'did' | 'voided' | 'credited' | 'taken-back' | 'ended'
  readonly user: string
  readonly key: string
  /** of what somebody did: who gets something for it */
  readonly creditTo: string
  /** of a credit, its void and what takes it back: the decision that is the cause */
  readonly cause: string
  readonly role: string
  /** points that it gives, or takes */
  readonly points: number
}

export type Command = Pick<Decision, 'type' | 'user' | 'key'> & Partial<Pick<Decision, 'creditTo' | 'cause' | 'role'>>

export type GateReply =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'refused'; readonly final: boolean }
  | { readonly kind: 'wait' }

/** The key under which a credit is asked for, as the driver names it. */
export function creditKey(cause: string, role: string): string {
  return `x:credit:${cause}:${role}`
}

/**
 * Gate, journal and projection of one shard, as the simulation of all parts has proven them: a key decides once, what is journaled stays, what
 * is not may be dropped with Redis, and Postgres is a beginning of the journal.
 */
export class Shard {
  readonly number: number
  readonly journal: Decision[] = []
  /** decided and not settled, journaled or not */
  outbox: Decision[] = []
  /** so many decisions of the journal are in Postgres */
  stored = 0
  open = true
  epoch = 1
  /** credits are refused for now */
  refusing = false
  readonly disqualified = new Set<string>()
  #points = new Map<string, number>()
  #sequence = 0

  constructor(number: number) {
    this.number = number
  }

  /** One gate call. @throws ServerError when the gate is closed */
  decide(command: Command, waitsForCauses: boolean): GateReply {
    this.#mustBeOpen()
    const known = [...this.outbox, ...this.journal].find((one) => one.user === command.user && one.key === command.key)
    if (known) return { kind: 'decided', decision: known }
    const { type, user, cause = '', role = '' } = command
    if (type === 'did' && this.#isEnded()) return { kind: 'refused', final: true }
    if (type === 'credited' && this.disqualified.has(user)) return { kind: 'refused', final: true }
    if (type === 'credited' && this.refusing) return { kind: 'refused', final: false }
    const isCause = (one: Decision) => one.type === 'credited' && one.cause === cause && one.role === role
    if (type === 'taken-back' && waitsForCauses && this.outbox.some(isCause)) return { kind: 'wait' }
    const there = this.#points.get(user) ?? 0
    const points = type === 'credited' ? 1 : type === 'taken-back' ? -Math.min(1, there) : 0
    // what is taken counts at once, what is given once it is settled
    if (points < 0) this.#points.set(user, there + points)
    this.#sequence += 1
    const id = `${this.number}-${this.epoch}-${this.#sequence}`
    const decision: Decision = { creditTo: '', ...command, cause, role, id, epoch: this.epoch, points }
    this.outbox.push(decision)
    return { kind: 'decided', decision }
  }

  /** @throws ServerError when the decision was made under an epoch that is fenced */
  publish(decision: Decision): void {
    if (this.journal.includes(decision)) return
    if (decision.epoch !== this.epoch) throw new ServerError('the stream is sealed')
    this.journal.push(decision)
  }

  /** @throws ServerError when the gate is closed */
  settle(decision: Decision): void {
    this.#mustBeOpen()
    if (!this.outbox.includes(decision) || !this.journal.includes(decision)) return
    this.outbox = this.outbox.filter((other) => other !== decision)
    if (decision.points > 0) this.#points.set(decision.user, (this.#points.get(decision.user) ?? 0) + decision.points)
  }

  /** @param isLost Redis lost its data, and with it what was not journaled */
  close(isLost: boolean): void {
    this.open = false
    if (!isLost) for (const decision of this.outbox) this.publish(decision)
    this.outbox = []
    this.epoch += 1
  }

  /** Built again from what is journaled. */
  recover(): void {
    this.stored = this.journal.length
    this.#points = new Map()
    for (const { user, points } of this.journal) this.#points.set(user, (this.#points.get(user) ?? 0) + points)
    this.open = true
  }

  /** Where the end stands in the journal; -1: it is not there yet. */
  endsAt(): number {
    return this.journal.findIndex(({ type }) => type === 'ended')
  }

  #isEnded(): boolean {
    return [...this.outbox, ...this.journal].some(({ type }) => type === 'ended')
  }

  #mustBeOpen(): void {
    if (!this.open) throw new ServerError('CLOSED')
  }
}
