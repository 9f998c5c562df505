/** When a user registered, and when that was said; ms since 1970. */
interface Registered {
  readonly registeredAt: number
  readonly reportedAt: number
}

/** how far the clock of who says it may be ahead of ours */
const AHEAD_MS = 60_000

/** Whether somebody registered in a campaign: not before its opening, and not in the future when it was said. */
export function isNewUser({ registeredAt, reportedAt }: Registered, opensAt: number): boolean {
  return registeredAt >= opensAt && registeredAt <= reportedAt + AHEAD_MS
}
