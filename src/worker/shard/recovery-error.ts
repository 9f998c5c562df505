import { FloodgateError, messageOf } from '../../base/errors.ts'
import { JournalGapError } from '../../journal/reader.ts'
import { STUCK_NATS } from '../../recovery/open/readiness.ts'

/** A recovery failed after it had raised the epoch. */
export class RecoveryError extends FloodgateError {
  readonly code = 'recovery'
  readonly meaning = 'The shard stays closed; nothing that was confirmed is lost.'
  readonly remedy = 'Wait: it is tried again. docs/runbook.md says what to do where it goes on.'
}

/** Whether an error means that NATS answered but did not do what it was asked for. */
function isOfJournal(error: unknown): boolean {
  return error instanceof JournalGapError || (error instanceof Error && error.name === 'NatsError')
}

/** The reason why a recovery failed, in words. */
export function whyFailed(error: unknown): string {
  return isOfJournal(error) ? `${messageOf(error)}; ${STUCK_NATS}` : messageOf(error)
}
