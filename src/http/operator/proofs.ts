import type { CatalogueSource } from '../answering/find-activity.ts'
import type { LiveFigures } from '../campaigns/live-figures.ts'
import { httpKindOf } from '../kinds/index.ts'

interface ProofParts {
  readonly catalogue: Pick<CatalogueSource, 'get'>
  readonly figures: LiveFigures
  /** ms since 1970 */
  readonly now: () => number
}

/** What shows that an activity is fair, by activity: to operators nothing is shown before it is public. */
export type Proofs = (campaign: string) => Promise<ReadonlyMap<string, object>>

export function createProofs({ catalogue, figures, now }: ProofParts): Proofs {
  return async (id) => {
    await figures.refresh()
    const campaign = catalogue.get(id)
    if (campaign === undefined) return new Map()
    const context = { campaign, now: now(), language: 'en' as const, figures: figures.of(id) }
    return new Map(
      campaign.rules.activities.flatMap((activity) => {
        const proof = httpKindOf(activity).page.proof?.(activity, context)
        return proof === undefined ? [] : [[activity.id, proof] as const]
      })
    )
  }
}
