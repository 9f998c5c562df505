/** How deep a value is looked into; schemas of ours end far above it. */
const DEEPEST = 64

/** Whether Postgres stores a text: it has no character U+0000 and no half of a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}

/** An upload is a stream: its lines are looked at as they come. */
const isStream = (value: object): boolean => 'pipe' in value && typeof value.pipe === 'function'

/**
 * Where a parsed JSON value holds texts, names of members included, that Postgres does not store. To be asked before
 * anything is done: Postgres would say so only when the rest has happened.
 * @returns JSON pointers (RFC 6901), of a name that of the object that holds it; empty for nothing
 */
export function unstorableTexts(value: unknown, pointer = '', depth = 0): string[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [pointer]
  if (typeof value !== 'object' || value === null || depth > DEEPEST || isStream(value)) return []
  const found: string[] = []
  for (const [name, each] of Object.entries(value)) {
    if (!isStorable(name)) found.push(pointer)
    else if (typeof each === 'string' || typeof each === 'object') {
      found.push(...unstorableTexts(each, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1))
    }
  }
  return found
}
