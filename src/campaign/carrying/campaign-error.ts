import { FloodgateError } from '../../base/errors.ts'

/** Codes of docs/problems.md by which the lifecycle refuses. */
type CampaignErrorCode =
  | 'VALIDATION'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'VERSION_MISMATCH'
  | 'KEY_REUSED'
  | 'LIMIT_REACHED'
  | 'UNAVAILABLE'

/** An operator's request is refused; nothing was changed unless `detail` says so. */
export class CampaignError extends FloodgateError {
  readonly meaning = 'Nothing was changed, unless the message says so.'
  readonly remedy = 'Correct the request; docs/problems.md says what each refusal means.'
  /** a code of the problem table */
  readonly code: CampaignErrorCode
  readonly members: Record<string, unknown>

  constructor(code: CampaignErrorCode, detail: string, members: Record<string, unknown> = {}) {
    super(detail)
    this.code = code
    this.members = members
  }
}
