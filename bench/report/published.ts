import type { Report } from './report.ts'

/** What the pages show is made of this, and a test holds them to it. */
export type Published = Omit<Report, 'measurements'>

export const PUBLISHED = {
  result: 'docs/benchmark.json',
  chart: 'docs/benchmark.svg',
  page: 'README.md',
  capacity: 'docs/capacity.md'
} as const

const BEGIN = '<!-- written by npm run bench -- --publish -->'
const END = '<!-- end of what it wrote -->'

/** A page with another part between its marks. @param name of the page, for the error @throws Error without the marks */
export function replacePart(page: string, part: string, name: string): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (from === -1 || to < from) throw new Error(`${name} has no place for the result: ${BEGIN} ... ${END}`)
  return `${page.slice(0, from)}${BEGIN}\n\n${part}\n\n${page.slice(to)}`
}
