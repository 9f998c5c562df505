import { createInbox, type Msg, type NatsConnection, type NatsError } from 'nats'

/** how long NATS may take to answer that there are no messages */
const ANSWER_MS = 1500

interface Request {
  readonly stream: string
  readonly consumer: string
  /** the most messages to return */
  readonly most: number
  /** how long to wait for them; 0: return only those that are there now */
  readonly expiresMs: number
}

/** The messages of a pull; `doubt`: the server did not say how the pull ended, so the consumer may be gone. */
interface PulledMessages {
  readonly messages: readonly Msg[]
  readonly doubt: boolean
}

/** Makes one pull request of a consumer. Never throws. */
export function pull(nc: NatsConnection, { stream, consumer, most, expiresMs }: Request): Promise<PulledMessages> {
  return new Promise((resolve) => {
    const messages: Msg[] = []
    const inbox = createInbox()
    const finish = (doubt: boolean) => {
      clearTimeout(overdue)
      subscription.unsubscribe()
      resolve({ messages, doubt })
    }
    const overdue = setTimeout(() => finish(true), expiresMs + ANSWER_MS)
    const receive = (error: NatsError | null, message: Msg) => {
      if (error) return finish(true)
      const code = message.headers?.code ?? 0
      // 404 and 408: no (more) messages in time; any other reply that is no message is a doubt
      if (code !== 0) return finish(code !== 404 && code !== 408)
      messages.push(message)
      // Only a full batch or the server ends a request. When this client gave up a request because no more messages seemed to be
      // there, the request was still open at the server and took the next frame.
      if (messages.length >= most) finish(false)
    }
    const subscription = nc.subscribe(inbox, { callback: receive })
    const request = { batch: most, ...(expiresMs === 0 ? { no_wait: true } : { expires: expiresMs * 1_000_000 }) }
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: inbox })
  })
}

/** `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>[.<token>]` */
export function sequenceOf(message: Msg): number {
  const tokens = (message.reply ?? '').split('.')
  return Number(tokens[tokens.length >= 11 ? 7 : 5])
}
