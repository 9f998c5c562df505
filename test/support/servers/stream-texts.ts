import { connect } from 'nats'
import { streamNames } from '../../../src/journal/subjects.ts'

interface NatsPlace {
  readonly natsUrl: string
  readonly natsUser: string
  readonly natsPassword: string
}

/** All messages that the streams of a stack hold, journal and public events apart, as text. */
export async function streamTexts({ natsUrl, natsUser, natsPassword }: NatsPlace) {
  const connection = await connect({ servers: natsUrl, user: natsUser, pass: natsPassword })
  try {
    const jsm = await connection.jetstreamManager()
    const found = { journal: [] as string[], events: [] as string[] }
    const { publicStream } = streamNames('floodgate')
    for await (const { config, state } of jsm.streams.list()) {
      const into = config.name === publicStream ? found.events : found.journal
      for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
        const message = await jsm.streams.getMessage(config.name, { seq }).catch(() => undefined)
        if (message) into.push(message.string())
      }
    }
    return found
  } finally {
    await connection.close()
  }
}
