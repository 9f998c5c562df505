import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

const Deltas = Type.Record(Type.String(), Type.Record(Type.String(), Type.Number()))
const Values = Type.Record(Type.String(), Type.Record(Type.String(), Type.String()))

const FrameDecision = Type.Object({
  seq: Type.Integer({ minimum: 1 }),
  /** entity.verb */
  type: Type.String({ minLength: 1 }),
  user: Type.String({ minLength: 1 }),
  /** replay field of the user */
  key: Type.String({ minLength: 1 }),
  hash: Type.String(),
  campaign: Type.String(),
  activity: Type.String(),
  session: Type.Optional(Type.String()),
  /** the order that a transition moved; an accepted order is named by its own decision id */
  order: Type.Optional(Type.String()),
  request: Type.Unknown(),
  /** the win that a win claim or a revocation moved; a won spin is named by its own decision id */
  win: Type.Optional(Type.String()),
  /** adjustments: the delta that each add applied, comma-separated; for other decisions see lua/README.md */
  report: Type.Optional(Type.String()),
  /** what sums: field deltas by scope: c, a, s, u of this decision, or a logical key */
  add: Type.Optional(Deltas),
  /** what replaces the value before it */
  put: Type.Optional(Values),
  /** what is taken out for good: fields by logical key, none of them where the whole hash is */
  del: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String())))
})

const FrameSchema = Type.Object({
  v: Type.Literal(1),
  shard: Type.Integer({ minimum: 0 }),
  epoch: Type.Integer({ minimum: 1 }),
  batch: Type.Integer({ minimum: 1 }),
  /** ms since 1970, shard time */
  at: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
  decisions: Type.Array(FrameDecision, { minItems: 1 })
})

export type FrameDecision = Static<typeof FrameDecision>
export type Frame = Static<typeof FrameSchema>

const validator = Compile(FrameSchema)

export type ParsedFrame = { readonly ok: true; readonly frame: Frame } | { readonly ok: false; readonly reason: string }

// matches escapes one by one, and a surrogate pair as one, so that `\\\\u0000` is read as a backslash and four letters
const ESCAPES = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|.)/g
const UNSTORABLE = /^\\u(?:0000|[dD][89a-fA-F][\da-fA-F]{2})$/

/** JSON text whose names and values Postgres can store: U+0000 and lone surrogates are replaced. */
export function storable(text: string): string {
  if (!text.includes('\\u')) return text
  return text.replace(ESCAPES, (found) => (UNSTORABLE.test(found) ? '\\ufffd' : found))
}

/**
 * Puts back the members that decisions share (`shared`, named by `as`). The buyers of a session differ only in user, key, position
 * and order, so each frame holds the rest once, which halves its size in Redis, in the gateway and in the journal.
 * Decisions that share members hold the same objects: never change them.
 */
function withShared(value: unknown): unknown {
  const { shared, decisions } = (value ?? {}) as { shared?: unknown; decisions?: unknown }
  if (!Array.isArray(shared) || !Array.isArray(decisions)) return value
  for (const decision of decisions) {
    const common: unknown = shared[decision?.as]
    if (typeof common === 'object' && typeof decision === 'object') Object.assign(decision, common)
  }
  return value
}

/** Reads a frame as the gate's script wrote it. A text that is no frame is a value, which becomes a dead letter. */
export function parseFrame(text: string): ParsedFrame {
  let value: unknown
  try {
    // a request that Postgres cannot store must not stop the projection
    value = withShared(JSON.parse(storable(text)))
  } catch (error) {
    return { ok: false, reason: `not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (validator.Check(value)) return { ok: true, frame: value }
  const [first] = validator.Errors(value)
  return { ok: false, reason: `not a frame: ${first?.instancePath ?? ''} ${first?.message ?? ''}` }
}

/** `<shard>-<epoch>-<batch>`: the Nats-Msg-Id of a frame. */
export function frameId(shard: number, entry: string): string {
  return `${shard}-${entry}`
}

/**
 * Header of a frame that a recovery published again, on the stream of a later epoch, because its own stream was lost. Only
 * with this header may the epoch of a frame be older than that of its stream.
 */
export const REPUBLISHED = 'Floodgate-Republished'

/** `<shard>-<epoch>-<sequence>` */
export function decisionId(frame: Pick<Frame, 'shard' | 'epoch'>, sequence: number): string {
  return `${frame.shard}-${frame.epoch}-${sequence}`
}
