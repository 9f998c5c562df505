import { FloodgateError } from '../../base/errors.ts'

/** A recovery failed after it had raised the epoch. */
export class RecoveryError extends FloodgateError {
  readonly code = 'recovery'
  readonly meaning = 'The shard stays closed; nothing that was confirmed is lost.'
  readonly remedy = 'Wait: it is tried again. docs/runbook.md says what to do where it goes on.'
}
