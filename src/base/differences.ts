import { isDeepStrictEqual } from 'node:util'

/** Where two JSON documents differ. */
export interface Difference {
  /** JSON pointer (RFC 6901): into the later document, or into the earlier one for what the later lacks */
  readonly pointer: string
  /** absent: it was not there */
  readonly before?: unknown
  /** absent: it is not there any more */
  readonly after?: unknown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const step = (name: string | number): string => String(name).replaceAll('~', '~0').replaceAll('/', '~1')

/** The members of a list by their ids; undefined where not all have one of their own. */
function byId(list: readonly unknown[]): Map<unknown, number> | undefined {
  const places = new Map(list.map((member, index) => [isRecord(member) ? member.id : undefined, index]))
  return places.size === list.length && !places.has(undefined) ? places : undefined
}

/** Which member of the earlier list is which of the later one: by ids where these say it and the order is the same, else by place. */
function pairsOf(
  before: readonly unknown[],
  after: readonly unknown[]
): Array<readonly [number | undefined, number | undefined]> {
  const [was, is] = [byId(before), byId(after)]
  const known = was && is ? [...is].flatMap(([id, place]) => (was.has(id) ? [[was.get(id), place] as const] : [])) : []
  const isInOrder = known.every(([place = 0], index) => index === 0 || place > (known[index - 1]?.[0] ?? 0))
  if (!was || !is || !isInOrder)
    return Array.from({ length: Math.max(before.length, after.length) }, (_, place) => [
      place < before.length ? place : undefined,
      place < after.length ? place : undefined
    ])
  const gone = [...was].flatMap(([id, place]) => (is.has(id) ? [] : [[place, undefined] as const]))
  return [...[...is].map(([id, place]) => [was.get(id), place] as const), ...gone]
}

/**
 * Where two JSON documents differ, in the order of the later one. Members of lists are compared by their `id`, so that an activity which is put in
 * between is one difference.
 */
export function differencesOf(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (isRecord(before) && isRecord(after))
    return [...new Set([...Object.keys(after), ...Object.keys(before)])].flatMap((name) => {
      const here = `${pointer}/${step(name)}`
      if (!Object.hasOwn(before, name)) return [{ pointer: here, after: after[name] }]
      if (!Object.hasOwn(after, name)) return [{ pointer: here, before: before[name] }]
      return differencesOf(before[name], after[name], here)
    })
  if (Array.isArray(before) && Array.isArray(after))
    return pairsOf(before, after).flatMap(([was, is]) => {
      const here = `${pointer}/${is ?? was}`
      if (was === undefined) return [{ pointer: here, after: after[is ?? 0] as unknown }]
      if (is === undefined) return [{ pointer: here, before: before[was] as unknown }]
      return differencesOf(before[was], after[is], here)
    })
  return isDeepStrictEqual(before, after) ? [] : [{ pointer, before, after }]
}
