import { signal } from '@preact/signals'

const read = (): string => location.hash.replace(/^#/, '') || '/'

/** Where the console is, such as `/campaigns/night`: it stands in the address, so that a link leads to what one sees. */
export const route = signal(read())

addEventListener('hashchange', () => {
  route.value = read()
})

/** The parts of a route by a pattern such as `/campaigns/:campaign`; undefined where it is another route. */
export function matched(pattern: string, path: string): Record<string, string> | undefined {
  const [wanted, given] = [pattern, path.split('?')[0] ?? ''].map((text) =>
    text.split('/').filter((part) => part !== '')
  )
  if (wanted === undefined || given === undefined || wanted.length !== given.length) return undefined
  const found: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith(':')) found[part.slice(1)] = decodeURIComponent(value)
    else if (part !== value) return undefined
  }
  return found
}

/** What stands behind the question mark of a route. */
export const queryOf = (path: string): URLSearchParams => new URLSearchParams(path.split('?')[1] ?? '')
