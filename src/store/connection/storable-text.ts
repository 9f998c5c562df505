/** How deep a value is searched; every schema of ours is much less deep. */
const DEEPEST = 64

/** Whether Postgres can store a text: it has no character U+0000 and no lone surrogate. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}

/** An upload is a stream: its lines are checked as they arrive. */
const isStream = (value: object): boolean => 'pipe' in value && typeof value.pipe === 'function'

/**
 * Finds the texts in a parsed JSON value, names of members included, that Postgres cannot store. Call it before anything is
 * done: Postgres would refuse them only after the other steps have happened.
 * @returns JSON pointers (RFC 6901); for a name, the pointer of the object that holds it; an empty list when there are none
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
