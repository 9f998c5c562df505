import type { Pool } from 'pg'
import type { Logger } from 'pino'
import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Catalogue } from '../campaign/catalogue.ts'
import { reportProgress } from '../campaign/progress.ts'
import type { CommandQueue, QueuedCommand } from '../journal/command-queue.ts'
import { storable } from '../journal/frame.ts'
import type { Publisher } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'
import { answerOf, type CommandName, type CommandResult } from './command-answers.ts'

const Id = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })
const Word = Type.String({ minLength: 1, maxLength: 256 })

const Envelope = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Word,
  source: Word,
  time: Type.Optional(Type.String()),
  data: Type.Unknown()
})

/** The body of the HTTP route, and what stands in its path. */
const TaskProgressData = Type.Object({
  campaign: Id,
  task: Id,
  user: Type.String({ pattern: '^[A-Za-z0-9_.@-]{1,64}$' }),
  amount: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  /** the id of the event is taken where it is absent */
  sourceEventId: Type.Optional(Word),
  occurredAt: Type.Optional(Type.String())
})

const envelope = Compile(Envelope)
const taskProgress = Compile(TaskProgressData)

interface IntakeParts {
  readonly queue: CommandQueue
  readonly pool: Pool
  readonly catalogue: Pick<Catalogue, 'refresh' | 'findActivity'>
  readonly publisher: Publisher
  readonly names: Names
  readonly logger: Logger
  /** ms since 1970 */
  readonly now?: () => number
}

const AT_ONCE = 100
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

/** Commands in groups that tell of one event; what is no event is a group of its own. */
function byEvent(commands: readonly QueuedCommand[]): Iterable<ReadCommand[]> {
  const groups = new Map<unknown, ReadCommand[]>()
  for (const command of commands) {
    const value = parseJson(command.text)
    const event = envelope.Check(value) ? JSON.stringify([value.source, value.id]) : command
    const group = groups.get(event)
    if (group === undefined) groups.set(event, [{ command, value }])
    else group.push({ command, value })
  }
  return groups.values()
}

/** What a validator says first, for people. */
function complaint<T extends TSchema>(validator: ReturnType<typeof Compile<T>>, value: unknown): string {
  const [first] = validator.Errors(value)
  return `${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`.trim()
}

/** Carries out commands of other systems, and answers each with an event. */
export class CommandIntake {
  readonly #parts: IntakeParts

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
    const done = await Promise.all([...byEvent(commands)].map((told) => this.#inOrder(told)))
    return done.reduce((sum, count) => sum + count, 0)
  }

  /** Events of one id go one after another: the first in the queue is the one that counts. */
  async #inOrder(told: readonly ReadCommand[]): Promise<number> {
    let done = 0
    for (const command of told) done += (await this.#carryOut(command)) ? 1 : 0
    return done
  }

  /** The answer is stored before the command leaves: one that is delivered again has the same effect and the same answer. */
  async #carryOut({ command, value }: ReadCommand): Promise<boolean> {
    const { publisher, names, logger } = this.#parts
    try {
      const { name, result } = await this.#resultOf(command, value)
      const answered = await publisher.publish(answerOf(names, name, result))
      if (answered.acked) {
        command.done()
        return true
      }
      logger.warn({ reason: answered.reason, command: name }, 'a command could not be answered; it is tried again')
    } catch (error) {
      logger.warn({ err: error, sequence: command.sequence }, 'a command could not be carried out; it is tried again')
    }
    command.later(RETRY_MS)
    return false
  }

  async #resultOf(
    { type, sequence }: QueuedCommand,
    value: unknown
  ): Promise<{ name: CommandName; result: CommandResult }> {
    if (!envelope.Check(value) || type === undefined) {
      const name = { source: this.#parts.names.commandsStream, id: String(sequence), type: type ?? 'unknown' }
      const detail = `not a CloudEvent: ${complaint(envelope, value)}`
      return { name, result: { campaign: '', user: '', accepted: false, code: 'VALIDATION', detail } }
    }
    return { name: { source: value.source, id: value.id, type }, result: await this.#taskProgress(value) }
  }

  async #taskProgress(event: Static<typeof Envelope>): Promise<CommandResult> {
    const { pool, catalogue, now = Date.now } = this.#parts
    const { data } = event
    if (!taskProgress.Check(data)) {
      const detail = `data: ${complaint(taskProgress, data)}`
      return { campaign: '', user: '', accepted: false, code: 'VALIDATION', detail }
    }
    const { campaign, task, user } = data
    const rejected = (code: string, detail: string): CommandResult => ({
      campaign,
      user,
      accepted: false,
      code,
      detail
    })
    const found = catalogue.findActivity(campaign, task)
    if (found === undefined) return rejected('NOT_FOUND', 'there is no such task')
    const at = momentOf(data.occurredAt ?? event.time, now())
    const progress = await reportProgress(pool, found, {
      source: event.source,
      sourceEventId: data.sourceEventId ?? event.id,
      user,
      amount: data.amount ?? 1,
      at
    })
    switch (progress.kind) {
      case 'counted':
      case 'repeated':
        return { campaign, user, accepted: true, data: { task, count: progress.count, state: progress.state } }
      case 'conflict':
        return rejected('CONFLICT', 'this event told of another user or amount before')
      case 'refused':
        return rejected(progress.code, progress.detail)
      default:
        return progress satisfies never
    }
  }
}

/** When something happened; not in the future, and now where nothing readable is said. */
function momentOf(text: string | undefined, now: number): number {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? now : Math.min(at, now)
}
