import { signal } from '@preact/signals'

const read = (): string[] => location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent)

/** Where the shop is, as the parts of the address behind `#`: a link leads to what one sees. `c/<campaign>`, `mine/<what>`. */
export const route = signal(read())

addEventListener('hashchange', () => {
  route.value = read()
  scrollTo(0, 0)
})

/** The address of a screen. */
export const linkTo = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`
