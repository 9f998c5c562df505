import { connect, type NatsConnection, StringCodec } from 'nats'
import { natsLogin } from '../../../src/journal/connection.ts'
import { parseFrame } from '../../../src/journal/frame.ts'
import type { Places } from '../../support/judging/evidence.ts'
import { isRecord, parseJson } from '../../support/load/answers.ts'

/** One message of a journal stream; `entry` is `<shard>-<epoch>-<batch>` of its frame, undefined when it is none. */
export interface JournalMessage {
  readonly sequence: number
  readonly entry: string | undefined
  readonly epoch: number
  /** ids of its decisions */
  readonly decisions: readonly string[]
}

/** The stream of one opening. */
export interface JournalStream {
  readonly name: string
  readonly shard: number
  readonly epoch: number
  readonly sealed: boolean
  /** its first sequence: what stood before was purged, or dropped by a full stream */
  readonly first: number
  readonly messages: readonly JournalMessage[]
}

const text = StringCodec()
const atOnce = 64
const noMessageFound = 10037

async function ask(nc: NatsConnection, api: string, body: object): Promise<Record<string, unknown>> {
  const reply = await nc.request(`$JS.API.${api}`, JSON.stringify(body), { timeout: 5000 })
  const answer = parseJson(text.decode(reply.data))
  if (!isRecord(answer)) throw new Error(`${api} was answered with no JSON object`)
  return answer
}

function messageOf(sequence: number, data: string): JournalMessage {
  const parsed = parseFrame(data)
  if (!parsed.ok) return { sequence, entry: undefined, epoch: 0, decisions: [] }
  const { shard, epoch, batch, decisions } = parsed.frame
  return {
    sequence,
    entry: `${shard}-${epoch}-${batch}`,
    epoch,
    decisions: decisions.map(({ seq }) => `${shard}-${epoch}-${seq}`)
  }
}

async function readMessage(nc: NatsConnection, name: string, seq: number): Promise<JournalMessage | undefined> {
  const answer = await ask(nc, `STREAM.MSG.GET.${name}`, { seq })
  // purged
  if (isRecord(answer.error) && answer.error.err_code === noMessageFound) return undefined
  if (!isRecord(answer.message)) throw new Error(`${name} ${seq} cannot be read: ${JSON.stringify(answer)}`)
  return messageOf(seq, Buffer.from(String(answer.message.data ?? ''), 'base64').toString())
}

async function readStream(nc: NatsConnection, name: string): Promise<JournalStream> {
  const info = await ask(nc, `STREAM.INFO.${name}`, {})
  const config = isRecord(info.config) ? info.config : {}
  const state = isRecord(info.state) ? info.state : {}
  const messages: JournalMessage[] = []
  const last = Number(state.last_seq ?? 0)
  const first = Math.max(1, Number(state.first_seq ?? 1))
  for (let from = first; from <= last; from += atOnce) {
    const count = Math.min(atOnce, last - from + 1)
    const chunk = await Promise.all(Array.from({ length: count }, (_, index) => readMessage(nc, name, from + index)))
    messages.push(...chunk.filter((message) => message !== undefined))
  }
  const [shard, epoch] = name.split('_').slice(-2).map(Number)
  return { name, shard: shard ?? 0, epoch: epoch ?? 0, sealed: config.sealed === true, first, messages }
}

/** Every journal stream of a namespace, oldest first, read message by message through the streams' own API. */
export async function readJournal({ natsUrl, namespace }: Places): Promise<JournalStream[]> {
  const nc = await connect({ ...natsLogin({ NATS_URL: natsUrl, NATS_CREDS: '' }), reconnect: false, timeout: 3000 })
  try {
    const names: string[] = []
    for (let offset = 0; ; ) {
      const page = await ask(nc, 'STREAM.NAMES', { offset, subject: `${namespace}-journal.>` })
      const found = Array.isArray(page.streams) ? page.streams.map(String) : []
      names.push(...found)
      offset += found.length
      if (found.length === 0 || offset >= Number(page.total ?? 0)) break
    }
    const streams: JournalStream[] = []
    for (const name of names) streams.push(await readStream(nc, name))
    return streams.sort((a, b) => a.epoch - b.epoch)
  } finally {
    await nc.close()
  }
}

/** Messages beyond the first of each frame. */
export function secondCopies(streams: readonly JournalStream[]): number {
  const entries = streams.flatMap(({ messages }) => messages.flatMap(({ entry }) => entry ?? []))
  return entries.length - new Set(entries).size
}
