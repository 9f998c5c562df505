import { backOff } from './retry.ts'
import { headersOf, limited, type Settings, tokenFrom } from './transport.ts'

/** No word for so long, and the connection is taken for dead: the server says something every 15 s. */
const SILENCE_MS = 45_000

export interface LiveOptions {
  /** watches only while the page is seen */
  pauseWhenHidden?: boolean
  /** hears whether figures come in now; `gone`: there is no such campaign, or nobody may watch it, and it is not asked for again */
  onState?: (state: 'watching' | 'waiting' | 'hidden' | 'gone') => void
}

/** One message of a stream of Server-Sent Events. */
interface Message {
  readonly event: string
  readonly data: string
  readonly retryMs?: number
}

/** Takes the text of a stream as it comes and gives the messages that are whole. */
export function createParser(): (text: string) => Message[] {
  let rest = ''
  return (text) => {
    const blocks = (rest + text).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    return blocks.map((block) => {
      const fields: Record<string, string> = {}
      for (const line of block.split(/\r?\n/)) {
        const [, name = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? []
        fields[name] = name === 'data' && fields.data !== undefined ? `${fields.data}\n${value}` : value
      }
      const retryMs = Number(fields.retry)
      return { event: fields.event ?? 'message', data: fields.data ?? '', ...(retryMs >= 0 && { retryMs }) }
    })
  }
}

type Page = {
  hidden: boolean
  addEventListener: EventTarget['addEventListener']
  removeEventListener: EventTarget['removeEventListener']
}

/** Waits until a page is seen again. */
function shown(page: Page, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (page.hidden && !signal.aborted) return
      page.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', look)
      resolve()
    }
    page.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look)
    look()
  })
}

/** Where a stream is read, and who takes its messages. */
interface Source {
  readonly path: string
  /** whether the reader's token is sent */
  readonly signed?: boolean
  /** Takes a message. @returns whether it is the first of a connection that works */
  readonly take: (message: Message, signal: AbortSignal) => boolean | Promise<boolean>
}

/** Refusals that asking again does not mend. */
const FINAL = [401, 403, 404]

class Stream {
  readonly #settings: Settings
  readonly #source: Source
  readonly #options: LiveOptions
  readonly #stop = new AbortController()
  #retryMs: number | undefined
  #tries = 0

  constructor(settings: Settings, source: Source, options: LiveOptions) {
    this.#settings = settings
    this.#source = source
    this.#options = options
  }

  stop(): void {
    this.#stop.abort()
  }

  async run(): Promise<void> {
    const { sleep, random } = this.#settings
    const { onState = () => {}, pauseWhenHidden = false } = this.#options
    const page = pauseWhenHidden ? (globalThis as { document?: Page }).document : undefined
    const { signal } = this.#stop
    while (!signal.aborted) {
      if (page?.hidden) {
        onState('hidden')
        await shown(page, signal)
        continue
      }
      if ((await this.#listen(page)) === 'gone') return onState('gone')
      if (signal.aborted || page?.hidden) continue
      onState('waiting')
      // listeners of a gateway that stopped come back at different times
      const asked = this.#retryMs === undefined ? undefined : this.#retryMs * 2 ** Math.min(this.#tries, 4)
      await sleep(backOff(this.#tries, asked, random), signal)
      this.#tries += 1
    }
  }

  /** Listens until the connection ends. */
  async #listen(page: Page | undefined): Promise<'gone' | 'ended'> {
    const settings = this.#settings
    const { path, signed = false } = this.#source
    const ended = new AbortController()
    const end = () => ended.abort()
    const hide = () => page?.hidden && end()
    this.#stop.signal.addEventListener('abort', end)
    page?.addEventListener('visibilitychange', hide)
    try {
      const token = signed ? await tokenFrom(settings.token) : undefined
      const headers = { ...headersOf(settings, token), accept: 'text/event-stream' }
      const first = limited(settings.attemptMs, ended.signal)
      const response = await settings
        .fetch(settings.baseUrl + path, { headers, signal: ended.signal })
        .finally(first.done)
      if (FINAL.includes(response.status)) {
        await response.body?.cancel()
        return 'gone'
      }
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel()
        this.#retryMs = Number(response.headers.get('retry-after') ?? 2) * 1000
        return 'ended'
      }
      await this.#read(response.body, end)
    } catch {
      // cut off: it begins anew with a snapshot
    } finally {
      this.#stop.signal.removeEventListener('abort', end)
      page?.removeEventListener('visibilitychange', hide)
    }
    return 'ended'
  }

  async #read(body: ReadableStream<Uint8Array>, end: () => void): Promise<void> {
    const parse = createParser()
    const decoder = new TextDecoder()
    const reader = body.getReader()
    let silence = setTimeout(end, SILENCE_MS)
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(silence)
        silence = setTimeout(end, SILENCE_MS)
        for (const message of parse(decoder.decode(value, { stream: true }))) await this.#take(message)
      }
    } finally {
      clearTimeout(silence)
    }
  }

  async #take(message: Message): Promise<void> {
    if (message.retryMs !== undefined) this.#retryMs = message.retryMs
    if (!(await this.#source.take(message, this.#stop.signal))) return
    this.#tries = 0
    this.#options.onState?.('watching')
  }
}

/** Reads a stream until it is stopped, again and again: what is cut off begins anew with a snapshot. @returns what stops it */
export function readStream(settings: Settings, source: Source, options: LiveOptions): () => void {
  const stream = new Stream(settings, source, options)
  // what is called back can stop it from the first call on
  void Promise.resolve().then(() => stream.run())
  return () => stream.stop()
}
