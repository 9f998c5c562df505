import { figures, sections } from '../../src/export/report/catalogue.ts'
import { code, table } from './markdown.ts'

const MEASURES = {
  count: 'a number',
  amount: 'an amount, in the smallest units of its currency or unit',
  ratio: 'a part of 1',
  score: 'a mean of 1 to 5'
} as const

/** Every figure that a report may hold. */
export function figuresTable(): string {
  const rows = Object.entries(figures).map(([id, { section, title, measure, by, approximate }]) => [
    code(id),
    sections[section].en,
    title.en,
    MEASURES[measure],
    by === undefined ? '' : `by ${by}`,
    approximate ? 'approximate' : 'exact'
  ])
  return table(['figure', 'section', 'what', 'value', 'parts', ''], rows)
}
