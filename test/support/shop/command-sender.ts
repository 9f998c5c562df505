import { manager } from '../../../src/journal/streams.ts'
import { streamNames } from '../../../src/journal/subjects.ts'
import { waitFor } from '../wait.ts'
import type { Core } from './core.ts'

/** The event that answers a command, and the subject it came on. */
export interface Answer {
  readonly id: string
  readonly type: string
  readonly subject: string
  readonly data: Record<string, unknown>
  readonly on: string
}

/** Answers in the order of the commands: those about different things are carried out side by side. */
export function byAttempt(answers: readonly Answer[]): Answer[] {
  const attempt = ({ id }: Answer) => Number(id.slice(id.lastIndexOf(':') + 1))
  return answers.toSorted((a, b) => attempt(a) - attempt(b))
}

/** Another system that sends commands to the worker of a core; resolves once one listens. */
export async function commandSender(core: Core) {
  const { connection } = await core.gateway()
  const jsm = await manager(connection)
  const names = streamNames(core.config.NAMESPACE)
  const consumer = () => jsm.consumers.info(names.commandsStream, 'worker')
  // a stream is known before it listens: what is sent then is refused; the worker adds its consumer after that
  await waitFor(async () => (await consumer().catch(() => undefined)) !== undefined, { what: 'a worker that listens' })
  const answers = async () => {
    const { state } = await jsm.streams.info(names.publicStream)
    const found: Answer[] = []
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
      const { data, subject } = await jsm.streams.getMessage(names.publicStream, { seq })
      found.push({ ...(JSON.parse(Buffer.from(data).toString('utf8')) as Answer), on: subject })
    }
    return found.filter(({ type }) => type.startsWith('floodgate.command.'))
  }
  return {
    send: async (type: string, body: unknown): Promise<void> => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      await connection.nc.jetstream().publish(names.commandSubject(type), text)
    },
    /** how many events stand on a subject */
    onPublicStream: async (subject: string): Promise<number> => {
      const { state } = await jsm.streams.info(names.publicStream, { subjects_filter: subject })
      return Object.keys(state.subjects ?? {}).length
    },
    /** whether a worker was given a command */
    taken: async () => (await consumer()).delivered.stream_seq > 0,
    /** waits for so many commands to be done */
    answered: async (count: number): Promise<Answer[]> => {
      const areDone = async () =>
        (await jsm.streams.info(names.commandsStream)).state.messages === 0 && (await answers()).length >= count
      await waitFor(areDone, { what: `${count} answers` })
      return answers()
    }
  }
}
