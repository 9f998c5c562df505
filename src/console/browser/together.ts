import { signal } from '@preact/signals'
import { ask } from './api.ts'
import { type Came, type Changed, cameOf } from './came.ts'
import type { CampaignItem, Page } from './shapes.ts'

/** A change of several campaigns. */
export interface Step {
  readonly step: 'pause' | 'resumption'
  readonly body: Readonly<Record<string, unknown>>
  /** of the intention; each campaign has a key of its own by it, so that it can be tried again */
  readonly key: string
}

/** of one time that it is asked: the gateway itself waits for 3 s at most until a change is carried out */
const ANSWER_MS = 10_000

/** Changes one campaign by the route that changes it alone. Never throws. */
export function changeOne(id: string, { step, body, key }: Step): Promise<Came> {
  const path = `/campaigns/${encodeURIComponent(id)}/${step}`
  return cameOf(() =>
    ask<Changed>(path, { method: 'POST', body, key: `${key}-${id}`, signal: AbortSignal.timeout(ANSWER_MS) })
  )
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
