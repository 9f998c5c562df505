import { isoTime, isoTimeOrNull } from '../../base/iso-time.ts'
import { type FrameDecision, type ParsedFrame, parseFrame } from '../../journal/frame.ts'
import type { StoredMessage } from '../../journal/reader.ts'
import { decodeOrder } from '../../record/order.ts'
import { decodeReport } from '../../record/report.ts'
import { decodeWin } from '../../record/win.ts'

function checkWin(field: string, record: string): void {
  const { tier, wonAt, claimBy } = decodeWin(field, record)
  if (!Number.isSafeInteger(tier)) throw new Error(`The tier of win ${field} is not a number`)
  isoTime(wonAt)
  isoTimeOrNull(claimBy)
}

/** What keeps a record with the user, by the prefix of its field. */
const checks: ReadonlyArray<readonly [prefix: string, check: (field: string, record: string) => void]> = [
  ['o:', decodeOrder],
  ['w:', checkWin]
]

function checkClaim(report: string): void {
  const { facts, moves } = decodeReport(report)
  const quantity = Number(facts[0])
  if (quantity < 1 || ![quantity, ...moves.map(({ delta }) => delta)].every(Number.isSafeInteger)) {
    throw new Error(`The report of a claim is not readable: ${JSON.stringify(report)}`)
  }
}

/** @throws Error when a record of an order or a win, or the report of a claim, is not one */
function checkDecision({ type, put, report }: FrameDecision): void {
  const fields = put?.u ?? {}
  for (const field in fields) {
    const [, check] = checks.find(([prefix]) => field.startsWith(prefix)) ?? []
    check?.(field, fields[field] ?? '')
  }
  if (type === 'claim.accepted') checkClaim(report ?? '')
}

/**
 * A frame out of the journal stream of a shard's opening, for the projection and for the events alike: what the one cannot
 * read, the other must not tell. A frame of another epoch than its stream's is none, unless a recovery published it again.
 */
export function readFrame(message: StoredMessage, shard: number, epoch: number): ParsedFrame {
  const parsed = parseFrame(message.text)
  if (!parsed.ok) return parsed
  const { frame } = parsed
  const fits = frame.epoch === epoch || (message.republished && frame.epoch < epoch)
  if (frame.shard !== shard || !fits) {
    return {
      ok: false,
      reason: `a frame of shard ${frame.shard}, epoch ${frame.epoch} in the journal of ${shard}, ${epoch}`
    }
  }
  try {
    for (const decision of frame.decisions) checkDecision(decision)
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
  return parsed
}
