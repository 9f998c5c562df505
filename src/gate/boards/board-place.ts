/** What the ranks in Redis stand for. */
export interface BoardStand {
  /** of the counting in Postgres; another one after a recount */
  readonly token: string
  /** all of the versions before this one are counted, and of this one the users up to `user`: all where that is '' */
  readonly version: number
  readonly user: string
  /** ms since 1970: all that was decided until then is counted */
  readonly asOf: number
}

export function encodeStand({ token, version, user, asOf }: BoardStand): string {
  return JSON.stringify([token, version, user, asOf])
}

/** undefined for what is no such text */
export function decodeStand(text: unknown): BoardStand | undefined {
  if (typeof text !== 'string') return undefined
  const [token, version, user, asOf] = JSON.parse(text) as [string, number, string, number]
  return { token, version, user, asOf }
}
