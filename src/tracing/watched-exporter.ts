import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { Logger } from 'pino'
import type { SpanCounts } from './traces.ts'

type Ended = Parameters<SpanExporter['export']>[1]

const SUCCESS = 0

/**
 * Counts what becomes of spans, and says once when the endpoint takes none, and once when it takes them again. What it tells the SDK is
 * that all went well: nothing else is to be done about a span that could not be sent.
 */
export class WatchedExporter implements SpanExporter {
  readonly counts: SpanCounts = { exported: 0, failed: 0, dropped: 0 }
  readonly #exporter: SpanExporter
  readonly #host: string
  readonly #logger: Logger
  /** spans that have ended and were neither sent nor given up */
  #waiting = 0
  #fails = false

  constructor(exporter: SpanExporter, { host, logger }: { readonly host: string; readonly logger: Logger }) {
    this.#exporter = exporter
    this.#host = host
    this.#logger = logger
  }

  /** Whether there is room for one more span that ends, which then counts as waiting. @param most that may wait */
  takes(most: number): boolean {
    if (this.#waiting >= most) {
      this.counts.dropped += 1
      return false
    }
    this.#waiting += 1
    return true
  }

  export(spans: ReadableSpan[], ended: Ended): void {
    this.#exporter.export(spans, ({ code, error }) => {
      this.#waiting -= spans.length
      if (code === SUCCESS) this.counts.exported += spans.length
      else this.counts.failed += spans.length
      this.#tell(code === SUCCESS, error)
      ended({ code: SUCCESS })
    })
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  #tell(isGood: boolean, error: Error | undefined): void {
    if (isGood === !this.#fails) return
    this.#fails = !isGood
    const about = { host: this.#host }
    if (isGood) this.#logger.info(about, 'the endpoint of traces takes spans again')
    else
      this.#logger.warn({ ...about, reason: error?.message }, 'the endpoint of traces takes no spans; they are dropped')
  }
}
