import { DECISION_PATTERN } from '../../base/shapes.ts'
import type { Place } from '../../store/connection/list-place.ts'
import { ProblemError } from '../problems/problems.ts'

/** A request for a page: `before` is the place where the page before ended. */
export interface PageRequest<At extends Place = Place> {
  readonly campaign?: string | undefined
  readonly before?: At | undefined
  readonly limit: number
}

/** Items, newest first, and where the next page begins; undefined after the last page. */
export interface ItemPage<Item, At extends Place = Place> {
  readonly items: readonly Item[]
  readonly next: At | undefined
}

const DEFAULT_LIMIT = 20
const DECISION = new RegExp(DECISION_PATTERN)

/** `<shard>-<epoch>-<sequence>` as numbers, so that ids sort in the order of decisions. */
function partsOf(id: string): [number, number] {
  const [, epoch, sequence] = id.split('-')
  return [Number(epoch), Number(sequence)]
}

/** Newest first; negative when `a` comes first. */
export function compareNewest(a: Place, b: Place): number {
  const [epochA, sequenceA] = partsOf(a.id)
  const [epochB, sequenceB] = partsOf(b.id)
  return b.at - a.at || epochB - epochA || sequenceB - sequenceA
}

/** How the items of a list are named and compared. */
export interface ItemReader<Item, At extends Place = Place> {
  readonly placeOf: (item: Item) => At
  readonly campaignOf: (item: Item) => string
  /** items with the same name are the same item; absent: the id of the place */
  readonly nameOf?: (item: Item) => string
  /** negative if `a` comes first; absent: `compareNewest` */
  readonly compare?: (a: At, b: At) => number
}

/**
 * Joins the items of Redis and Postgres to one page. If both have an item, that of Redis is newer and counts.
 * @param sources.live items of Redis that Postgres may lack, in any order
 * @param sources.stored items of Postgres after `page.before`, one more than the limit
 */
export function unite<Item, At extends Place>(
  sources: { readonly live: readonly Item[]; readonly stored: readonly Item[] },
  page: PageRequest<At>,
  reader: ItemReader<Item, At>
): ItemPage<Item, At> {
  const { placeOf, campaignOf, compare = compareNewest, nameOf = (item) => placeOf(item).id } = reader
  const byName = new Map(sources.stored.map((item) => [nameOf(item), item]))
  for (const item of sources.live) {
    if (page.campaign !== undefined && campaignOf(item) !== page.campaign) continue
    if (page.before !== undefined && compare(page.before, placeOf(item)) >= 0) continue
    byName.set(nameOf(item), item)
  }
  const sorted = [...byName.values()].sort((a, b) => compare(placeOf(a), placeOf(b)))
  const items = sorted.slice(0, page.limit)
  const last = items.at(-1)
  return { items, next: sorted.length > page.limit && last !== undefined ? placeOf(last) : undefined }
}

/** A place as the text of a cursor; `rest` has further texts of the place. */
export function encodeCursor({ at, id }: Place, rest: readonly string[] = []): string {
  return Buffer.from([at, id, ...rest].join(' ')).toString('base64url')
}

/** @throws ProblemError VALIDATION for a cursor that no answer can have contained */
export function decodeCursor(cursor: string): Place & { readonly rest: readonly string[] } {
  const [time = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split(' ')
  if (!/^\d{1,15}$/.test(time) || !DECISION.test(id)) {
    throw new ProblemError('VALIDATION', {
      errors: [{ pointer: '/cursor', detail: 'must be a nextCursor of an earlier answer' }]
    })
  }
  return { at: Number(time), id, rest }
}

/** The query of a list as a page. @throws ProblemError VALIDATION */
export function pageOf(query: { campaign?: string; limit?: string; cursor?: string }): PageRequest {
  return {
    campaign: query.campaign,
    before: query.cursor === undefined ? undefined : decodeCursor(query.cursor),
    limit: Number(query.limit ?? DEFAULT_LIMIT)
  }
}

/** The page of a list that was read with one item more than asked for, and where the next page begins. */
export function firstOf<Item>(items: readonly Item[], limit: number, placeOf: (item: Item) => Place): ItemPage<Item> {
  const shown = items.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown, next: items.length > limit && last !== undefined ? placeOf(last) : undefined }
}

/** A page as the body of an answer. */
export function pageView<Item, View>({ items, next }: ItemPage<Item>, view: (item: Item) => View) {
  return { items: items.map(view), nextCursor: next === undefined ? null : encodeCursor(next) }
}
