import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import type { Decider, UserReader } from '../../gate/gate.ts'
import type { CommandQueue, QueuedCommand } from '../../journal/command-queue.ts'
import { storable } from '../../journal/frame.ts'
import type { Publisher } from '../../journal/publisher.ts'
import { commandTypes, isCommandType, type Names } from '../../journal/subjects.ts'
import { unstorableTexts } from '../../store/connection/storable-text.ts'
import { answerOf, type CommandName } from './answers.ts'
import { underItsId } from './claim.ts'
import { type CommandResult, complaint, envelope, rejected } from './event.ts'
import { CommandOrder } from './in-order.ts'
import { carryOutOrderChange } from './orders.ts'
import { carryOutProgress } from './tasks.ts'

interface IntakeParts {
  readonly queue: Pick<CommandQueue, 'take'>
  readonly pool: Pool
  readonly gate: Decider & Pick<UserReader, 'orderOf' | 'ownerOf'>
  readonly catalogue: Pick<Catalogue, 'refresh' | 'findActivity'>
  readonly publisher: Pick<Publisher, 'publish'>
  readonly names: Names
  readonly logger: Logger
  /** ms since 1970 */
  readonly now?: () => number
}

/** The change of an order that a command asks for. */
export const transitions = {
  'order.pay': 'pay',
  'order.cancel': 'cancel',
  'order.ship': 'ship',
  'order.return': 'return'
} as const

const AT_ONCE = 100
/** Commands carried out in parallel: each may hold a connection to Postgres, and the projection needs some too. */
const SIDE_BY_SIDE = 4
const RETRY_MS = 5000

function parseJson(text: string): unknown {
  try {
    return JSON.parse(storable(text))
  } catch {
    return undefined
  }
}

interface ReadCommand {
  readonly command: QueuedCommand
  /** its parsed JSON; undefined if it is not JSON */
  readonly value: unknown
}

/** The key of the group in which a command keeps its order: other commands about the same order, and copies of itself. */
function placeOf(command: QueuedCommand, value: unknown): unknown {
  // a message that is no event is a group of its own
  if (!envelope.Check(value)) return command
  const { data, source, id } = value
  const order = typeof data === 'object' && data !== null && 'order' in data ? data.order : undefined
  return typeof order === 'string' ? `order ${order}` : JSON.stringify([source, id])
}

/** Commands in groups that are carried out in the order of the queue. */
function grouped(commands: readonly QueuedCommand[]): IterableIterator<[about: unknown, group: ReadCommand[]]> {
  const groups = new Map<unknown, ReadCommand[]>()
  for (const command of commands) {
    const value = parseJson(command.text)
    const place = placeOf(command, value)
    const group = groups.get(place)
    if (group === undefined) groups.set(place, [{ command, value }])
    else group.push({ command, value })
  }
  return groups.entries()
}

/** Carries out commands of other systems, and answers each with an event. */
export class CommandIntake {
  readonly #parts: IntakeParts
  readonly #order = new CommandOrder(2 * RETRY_MS)

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  /** @returns the number of finished commands @throws what NATS and Postgres throw when they are away; no command is lost then */
  async step(waitMs: number): Promise<number> {
    const { queue, catalogue } = this.#parts
    const commands = await queue.take(AT_ONCE, waitMs)
    if (commands.length === 0) return 0
    const groups = grouped(commands)
    try {
      await catalogue.refresh()
    } catch (error) {
      for (const [about, group] of groups) this.#putOff(about, group)
      throw error
    }
    let done = 0
    // all share one iterator, so each group is taken once
    const carryOutGroups = async () => {
      for (const [about, group] of groups) {
        const count = await this.#inOrder(about, group)
        done += count
      }
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, carryOutGroups))
    this.#order.forgetOverdue(performance.now())
    return done
  }

  /** Carries out a group in order: the first of several copies counts, and an order is paid before it is shipped. */
  async #inOrder(about: unknown, group: readonly ReadCommand[]): Promise<number> {
    const order = this.#order
    for (const [done, read] of group.entries()) {
      const { sequence } = read.command
      if (!order.isOvertaking(about, sequence, performance.now()) && (await this.#carryOut(read))) {
        order.done(about, sequence)
        continue
      }
      // later commands of the group wait as long
      this.#putOff(about, group.slice(done))
      return done
    }
    return group.length
  }

  #putOff(about: unknown, group: readonly ReadCommand[]): void {
    for (const { command } of group) {
      this.#order.putOff(about, command.sequence, performance.now())
      command.later(RETRY_MS)
    }
  }

  /**
   * Stores the answer before it acknowledges the command: a command that is delivered again has the same effect and the same
   * answer.
   * @returns whether it is done
   */
  async #carryOut({ command, value }: ReadCommand): Promise<boolean> {
    const { publisher, names, logger } = this.#parts
    try {
      const { name, result } = await this.#resultOf(command, value)
      const answered = await publisher.publish(answerOf(names, name, result))
      if (answered.acked) command.done()
      else logger.warn({ reason: answered.reason, command: name }, 'a command could not be answered; it is tried again')
      return answered.acked
    } catch (error) {
      logger.warn({ err: error, sequence: command.sequence }, 'a command could not be carried out; it is tried again')
      return false
    }
  }

  async #resultOf(
    { name: type, sequence }: QueuedCommand,
    value: unknown
  ): Promise<{ name: CommandName; result: CommandResult }> {
    const { pool, names } = this.#parts
    if (!envelope.Check(value)) {
      const name = { source: names.commandsStream, id: String(sequence), type, attempt: sequence }
      return { name, result: rejected('VALIDATION', `not a CloudEvent: ${complaint(envelope, value)}`) }
    }
    const [unstorable] = unstorableTexts(value)
    if (unstorable !== undefined) {
      const name = { source: names.commandsStream, id: String(sequence), type, attempt: sequence }
      return { name, result: rejected('VALIDATION', `${unstorable} holds a character that cannot be stored`) }
    }
    const name = { source: value.source, id: value.id, type, attempt: sequence }
    if (!isCommandType(type)) {
      return {
        name,
        result: rejected('VALIDATION', `there is no command ${type}; known are ${commandTypes.join(', ')}`)
      }
    }
    const work = () =>
      type === 'task.progress'
        ? carryOutProgress(this.#parts, value)
        : carryOutOrderChange(this.#parts, transitions[type], value)
    return { name, result: await underItsId(pool, { type, event: value }, work) }
  }
}
