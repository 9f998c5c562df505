// W3C Trace Context: `<version>-<trace>-<span>-<flags>`, 2, 32, 16 and 2 hex digits in lower case.

const LENGTH = 55
const DASHES = [2, 35, 52] as const
const FLAGS_END = 54
const DASH = 45
const FULL = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-[\da-f]{2}$/

/** Where a span stands. */
interface Place {
  readonly traceId: string
  readonly spanId: string
}

/**
 * What a caller says about tracing, by one digit and without making anything; undefined where there is no such header, or one that
 * is none.
 */
export function saysSampled(traceparent: string | undefined): boolean | undefined {
  if (traceparent === undefined || traceparent.length !== LENGTH) return undefined
  for (const place of DASHES) if (traceparent.charCodeAt(place) !== DASH) return undefined
  const digit = traceparent.charCodeAt(FLAGS_END)
  const isHex = (digit >= 48 && digit <= 57) || (digit >= 97 && digit <= 102)
  // the lowest bit: `0` to `9` have the parity of their codes, `a` (97) stands for 10
  return isHex ? (digit < 97 ? digit : digit + 1) % 2 === 1 : undefined
}

/** Reads the whole; undefined for what is none. */
export function readTraceparent(traceparent: string): Place | undefined {
  const [, traceId, spanId] = FULL.exec(traceparent) ?? []
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId }
}

/** Of a span that is traced. */
export function writeTraceparent({ traceId, spanId }: Place): string {
  return `00-${traceId}-${spanId}-01`
}
