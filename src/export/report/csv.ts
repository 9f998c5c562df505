import { figures as catalogue } from './catalogue.ts'
import type { CampaignReport } from './report.ts'

const HEAD = ['figure', 'title', 'of', 'unit', 'value', 'exact', 'target', 'before', 'other', 'note']

/** Spreadsheets take a text that begins so for a formula, and run it. */
const FORMULA = /^[=+\-@\t\r]/

/**
 * A text as a cell; what a spreadsheet would run begins with an apostrophe. Numbers stay numbers, and a text of digits, such as a payment's reference, stays as
 * it is: a spreadsheet drops its zeros, but whatever would keep it from that (an apostrophe, `="0012"`) is another reference to a program.
 */
function cell(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return value === null ? '' : String(value)
  const guarded = FORMULA.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}

/** A line of CSV (RFC 4180). */
export const csvLine = (cells: ReadonlyArray<string | number | boolean | null>): string =>
  `${cells.map(cell).join(',')}\r\n`

/** A report as CSV: a line for each figure, amounts in the smallest units of their currency. */
export function asCsv({ figures }: CampaignReport): string {
  const lines = figures.map(({ id, of, unit, value, exact, target, before, other, note }) =>
    csvLine([id, catalogue[id]?.title.en ?? id, of, unit, value, exact, target, before, other, note])
  )
  return csvLine(HEAD) + lines.join('')
}
