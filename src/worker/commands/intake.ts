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
/** Commands carried out side by side: each may hold a connection to Postgres, of which the projection needs some too. */
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
  /** what its text says; undefined where it is not JSON */
  readonly value: unknown
}

/** What a command must keep its place in the queue with: others about the same order, and copies of itself. */
function placeOf(command: QueuedCommand, value: unknown): unknown {
  // what is no event stands alone
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

  /** @returns commands that are done @throws what NATS and Postgres say when they are away; nothing is lost then */
  async step(waitMs: number): Promise<number> {
    const { queue, catalogue } = this.#parts
    const commands = await queue.take(AT_ONCE, waitMs)
    if (commands.length === 0) return 0
    try {
      await catalogue.refresh()
    } catch (error) {
      for (const command of commands) command.later(RETRY_MS)
      throw error
    }
    const groups = grouped(commands)
    let done = 0
    // all take from the same groups
    const lane = async () => {
      for (const [about, told] of groups) {
        const count = await this.#inOrder(about, told)
        done += count
      }
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
    this.#order.forgetOverdue(performance.now())
    return done
  }

  /** One after another: the first of copies is the one that counts, and an order is paid before it is shipped. */
  async #inOrder(about: unknown, told: readonly ReadCommand[]): Promise<number> {
    const order = this.#order
    for (const [done, read] of told.entries()) {
      const { sequence } = read.command
      if (!order.isOvertaking(about, sequence, performance.now()) && (await this.#carryOut(read))) {
        order.done(about, sequence)
        continue
      }
      // what comes after it waits as long
      for (const { command } of told.slice(done)) {
        order.putOff(about, command.sequence, performance.now())
        command.later(RETRY_MS)
      }
      return done
    }
    return told.length
  }

  /**
   * The answer is stored before the command leaves: one that is delivered again has the same effect and the same answer.
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
