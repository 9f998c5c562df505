// Records of invitations in users' hashes; lua/kinds/invite.lua writes them.

/** What the hash of a user says of their own code: `<epoch>-<batch>;<id of the decision that made it>;<its replay field>`. */
interface CodeRecord {
  readonly decision: string
  readonly key: string
}

/** @throws Error when the record is not readable */
export function decodeCodeRecord(record: string): CodeRecord {
  const [, decision, key] = /^[^;]+;(\d+-\d+-\d+);(.+)$/s.exec(record) ?? []
  if (decision === undefined || key === undefined) throw new Error(`${JSON.stringify(record)} is no record of a code.`)
  return { decision, key }
}

/** By whom a user was invited, as `about` of the acceptance says it. */
export interface Invitation {
  readonly inviter: string
  /** id of the decision that made the inviter's code */
  readonly code: string
  /** when the user registered, as their token said; ms since 1970 */
  readonly registeredAt: number | null
}

/** `<inviter>,<code>,<registered or ''>` */
export function encodeInvitation({ inviter, code, registeredAt }: Invitation): string {
  return `${inviter},${code},${registeredAt ?? ''}`
}

export function invitationIn([inviter = '', code = '', registered = '']: readonly string[]): Invitation {
  return { inviter, code, registeredAt: registered === '' ? null : Number(registered) }
}

/** What the hash of an invitee says: `<epoch>-<batch>;<at>;<inviter>,<code>,<registered or ''>`. */
export function decodeBound(record: string): Invitation & { readonly at: number } {
  const [, at, about = ''] = record.split(';')
  return { at: Number(at), ...invitationIn(about.split(',')) }
}
