import type { Followed } from '../../store/following/followed.ts'

/** Ids of what an operator's decisions voided: they stand in the request, because the gate keeps no record of it. */
export function voidedIn(decisions: readonly Followed[], entity: 'share' | 'assist'): string[] {
  return decisions.flatMap((decision) => {
    if (decision.type !== `${entity}.voided`) return []
    const { [entity]: id } = decision.request as Readonly<Record<string, unknown>>
    return typeof id === 'string' ? [id] : []
  })
}
