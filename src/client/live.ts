import type { Activity } from './activities.ts'
import type { Campaign, LiveActivity, LiveChange } from './campaigns.ts'
import { backOff } from './retry.ts'
import type { Sender } from './sender.ts'
import { headersOf, limited } from './transport.ts'

/** No word for so long, and the connection is taken for dead: the server says something every 15 s. */
const SILENCE_MS = 45_000

export interface LiveOptions {
  /** watches only while the page is seen */
  pauseWhenHidden?: boolean
  /** hears whether figures come in now; `gone`: there is no such campaign, and nobody watches any more */
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

function changed(activity: Activity, { prizes, session, remaining, ...change }: LiveActivity): Activity {
  const next = { ...activity, ...change } as Activity
  if (remaining !== undefined && 'remaining' in next) {
    next.remaining = remaining
    next.sessions = next.sessions.map((one) => (one.id === session ? { ...one, remaining } : one))
  }
  if ('prizes' in next && prizes !== undefined) {
    const left = new Map(prizes.map((prize) => [prize.id, prize.remaining]))
    next.prizes = next.prizes.map((prize) => ({ ...prize, remaining: left.get(prize.id) ?? prize.remaining }))
  }
  return next
}

/** A campaign after a change; undefined where the change tells of activities that it lacks, or of another version. */
export function applyChange(campaign: Campaign, change: LiveChange): Campaign | undefined {
  const known = new Map(campaign.activities.map((activity) => [activity.id, activity]))
  if (change.version !== campaign.version) return undefined
  const activities = change.activities.flatMap((activity) => {
    const old = known.get(activity.id)
    return old === undefined ? [] : [changed(old, activity)]
  })
  if (activities.length < change.activities.length) return undefined
  const { status, version, participants } = change
  return { ...campaign, status, version, participants, activities }
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

class Watch {
  readonly #sender: Sender
  readonly #path: string
  readonly #onChange: (campaign: Campaign) => void
  readonly #options: LiveOptions
  readonly #stop = new AbortController()
  #campaign: Campaign | undefined
  #retryMs: number | undefined
  #tries = 0

  constructor(
    sender: Sender,
    path: string,
    { onChange, ...options }: LiveOptions & { onChange: (campaign: Campaign) => void }
  ) {
    this.#sender = sender
    this.#path = path
    this.#onChange = onChange
    this.#options = options
  }

  stop(): void {
    this.#stop.abort()
  }

  async run(): Promise<void> {
    const { sleep, random } = this.#sender.settings
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
    const { settings } = this.#sender
    const ended = new AbortController()
    const end = () => ended.abort()
    const hide = () => page?.hidden && end()
    this.#stop.signal.addEventListener('abort', end)
    page?.addEventListener('visibilitychange', hide)
    try {
      const headers = { ...headersOf(settings, undefined), accept: 'text/event-stream' }
      const first = limited(settings.attemptMs, ended.signal)
      const response = await settings
        .fetch(`${settings.baseUrl}${this.#path}/live`, { headers, signal: ended.signal })
        .finally(first.done)
      if (response.status === 404) return 'gone'
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

  async #take({ event, data, retryMs }: Message): Promise<void> {
    if (retryMs !== undefined) this.#retryMs = retryMs
    if (event === 'snapshot') {
      this.#tries = 0
      this.#campaign = JSON.parse(data) as Campaign
      this.#options.onState?.('watching')
    } else if (event === 'change' && this.#campaign !== undefined) {
      const next = applyChange(this.#campaign, JSON.parse(data) as LiveChange)
      // another version, or something that was hidden until now: the change says too little of it
      this.#campaign = next ?? (await this.#sender.read<Campaign>(this.#path, { signal: this.#stop.signal }))
    } else return
    if (!this.#stop.signal.aborted) this.#onChange(this.#campaign)
  }
}

/** Watches a campaign: calls with all of it at each change. @returns what stops it */
export function watchCampaign(
  sender: Sender,
  path: string,
  options: LiveOptions & { onChange: (campaign: Campaign) => void }
): () => void {
  const watch = new Watch(sender, path, options)
  // what is called back can stop it from the first call on
  void Promise.resolve().then(() => watch.run())
  return () => watch.stop()
}
