import { signal } from '@preact/signals'
import { ask, Refused } from './api.ts'
import type { CampaignItem, Page } from './shapes.ts'

/** What came of one campaign of several. */
export type Came = { readonly kind: 'done' | 'pending' | 'before' } | { readonly kind: 'failed'; readonly why: string }

/** A change of several campaigns. */
export interface Step {
  readonly step: 'pause' | 'resumption'
  readonly body: Readonly<Record<string, unknown>>
  /** of the intention; each campaign has a key of its own by it, so that it can be tried again */
  readonly key: string
}

/** Changes one campaign by the route that changes it alone. Never throws. */
export async function changeOne(id: string, { step, body, key }: Step): Promise<Came> {
  try {
    const path = `/campaigns/${encodeURIComponent(id)}/${step}`
    const answer = await ask<{ readonly outcome: string; readonly intent?: string }>(path, {
      method: 'POST',
      body,
      key: `${key}-${id}`
    })
    // without an intent there was nothing to do
    if (answer.intent === undefined) return { kind: 'before' }
    return { kind: answer.outcome === 'pending' ? 'pending' : 'done' }
  } catch (error) {
    return { kind: 'failed', why: error instanceof Refused ? error.message : 'The gateway was not reached.' }
  }
}

/** Every campaign, page by page. @throws Refused, TypeError */
export async function everyCampaign(): Promise<CampaignItem[]> {
  const found = new Map<string, CampaignItem>()
  let cursor: string | null = ''
  while (cursor !== null) {
    const more: Page<CampaignItem> = await ask(`/campaigns?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`)
    for (const item of more.items) if (!found.has(item.id)) found.set(item.id, item)
    cursor = more.nextCursor
  }
  return [...found.values()]
}

const KEPT = 'floodgate-paused-together'

/** What this tab paused together and has not resumed, and when. It outlives a reload: the end of a pause is often an hour away. */
interface Paused {
  readonly ids: readonly string[]
  readonly at: string
}

function kept(): Paused | undefined {
  const text = sessionStorage.getItem(KEPT)
  return text === null ? undefined : (JSON.parse(text) as Paused)
}

export const pausedTogether = signal(kept())

export function keepPaused(ids: readonly string[], at: string): void {
  pausedTogether.value = ids.length === 0 ? undefined : { ids, at }
  if (ids.length === 0) sessionStorage.removeItem(KEPT)
  else sessionStorage.setItem(KEPT, JSON.stringify(pausedTogether.value))
}
