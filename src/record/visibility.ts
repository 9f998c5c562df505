import { userField } from './fields.ts'

/** What moderation said last of a comment. */
interface Visibility {
  readonly status: 'shown' | 'hidden'
  /** how many decisions the comment has seen with it, its own included */
  readonly version: number
}

const RECORD = /^(shown|hidden);([1-9]\d{0,8})$/
const PREFIX = userField.visibility('')

/** Reads `<shown|hidden>;<version>`, a field of the author's hash; undefined where moderation has said nothing. */
export function decodeVisibility(record: string | undefined): Visibility | undefined {
  const [, status, version] = RECORD.exec(record ?? '') ?? []
  return status === undefined ? undefined : { status: status as Visibility['status'], version: Number(version) }
}

export function encodeVisibility({ status, version }: Visibility): string {
  return `${status};${version}`
}

/**
 * The comment that a decision of moderation is about, and what it says.
 * @param puts what the decision wrote, by scope
 * @throws Error where it wrote none
 */
export function visibilityIn(puts: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const fields = Object.values(puts).flatMap((scope) => Object.entries(scope))
  const [field, record] = fields.find(([name]) => name.startsWith(PREFIX)) ?? []
  const visibility = decodeVisibility(record)
  if (field === undefined || visibility === undefined) {
    throw new Error(`No comment is shown or hidden: ${JSON.stringify(puts)}`)
  }
  return { comment: field.slice(PREFIX.length), ...visibility }
}
