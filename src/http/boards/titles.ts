import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { CatalogueCampaign } from '../../campaign/carrying/catalogue.ts'
import { isBoard } from '../../campaign/kinds/board/rules.ts'
import { heldPlaces } from '../../store/boards/ranks.ts'
import { type Language, localise } from '../problems/language.ts'

/**
 * What a user is called after the final order of the boards of a campaign, the newest first, each title once. Titles come from
 * Postgres; while it is away there are none.
 */
export async function titlesOf(
  pool: pg.Pool,
  { rules }: CatalogueCampaign,
  { user, language }: { readonly user: string; readonly language: Language }
): Promise<string[]> {
  const boards = rules.activities.filter(isBoard).filter(({ top }) => top.some(({ title }) => title !== undefined))
  if (boards.length === 0) return []
  const held = await fromStore(heldPlaces(pool, rules.id, user)).catch(() => [])
  const titles = held.flatMap(({ board, topRow }) => boards.find(({ id }) => id === board)?.top[topRow]?.title ?? [])
  return [...new Set(titles.map((title) => localise(title, language)))]
}
