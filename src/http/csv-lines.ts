import type { Readable } from 'node:stream'
import { ProblemError } from './problems.ts'

/** One line of an upload, from 1; `fields` by the names asked for, '' where it has none. */
export interface CsvLine<Name extends string> {
  readonly line: number
  readonly fields: Readonly<Record<Name, string>>
}

export interface CsvColumns<Name extends string> {
  readonly names: readonly Name[]
  /** those among the names that a header may leave out */
  readonly optional?: readonly Name[]
  /** told of each line that cannot be read */
  readonly reject: (line: number, detail: string) => void
}

const LINE_MAX = 2000
const LINE_END = /\r?\n/

/** Lines of a stream, undefined for one that is too long: of that no more than its beginning is ever held. */
async function* textLines(source: Readable): AsyncGenerator<string | undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  let tooLong = false
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split(LINE_END)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      yield tooLong || line.length > LINE_MAX ? undefined : line
      tooLong = false
    }
    if (rest.length > LINE_MAX) {
      tooLong = true
      rest = ''
    }
  }
  rest += decoder.decode()
  if (tooLong || rest !== '') yield tooLong ? undefined : rest
}

/** A quoted field from its opening quote on, and where it ends; undefined when its quotes do not end. */
function quoted(text: string, start: number): { field: string; end: number } | undefined {
  let end = start
  do {
    end = text.indexOf('"', end + 1)
    if (end < 0) return undefined
    // a doubled quote is one of the field
    if (text[end + 1] === '"') end += 1
    else return { field: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 }
  } while (end < text.length)
  return undefined
}

/** Fields of a line, blanks around them removed; undefined where quotes stand wrong. */
function split(text: string): string[] | undefined {
  const fields: string[] = []
  for (let at = 0; ; ) {
    while (text[at] === ' ') at += 1
    if (text[at] === '"') {
      const found = quoted(text, at)
      if (found === undefined) return undefined
      fields.push(found.field)
      at = found.end
      while (text[at] === ' ') at += 1
      if (at >= text.length) return fields
      if (text[at] !== ',') return undefined
    } else {
      const comma = text.indexOf(',', at)
      fields.push(text.slice(at, comma < 0 ? undefined : comma).trim())
      if (comma < 0) return fields
      at = comma
    }
    at += 1
  }
}

/** The columns of a header; undefined when the first line is none. @throws ProblemError VALIDATION */
function headerOf<Name extends string>(fields: readonly string[], columns: CsvColumns<Name>): Name[] | undefined {
  const { names, optional = [] } = columns
  const found = fields.map((field) => field.toLowerCase())
  if (!names.some((name) => found.includes(name))) return undefined
  const missing = names.filter((name) => !found.includes(name) && !optional.includes(name))
  const unknown = found.filter((field) => !names.includes(field as Name))
  if (missing.length === 0 && unknown.length === 0) return found as Name[]
  const detail =
    missing.length > 0
      ? `the header must name ${missing.join(', ')}`
      : `the header names an unknown column: ${unknown[0]}`
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/1', detail }] })
}

/**
 * Reads an upload line by line, no faster than the caller takes them: nothing of it is kept. Text with one field a line, or
 * CSV with commas; a header is optional and may order the columns; empty lines are passed over.
 * @throws ProblemError VALIDATION for a header that lacks a column
 */
export async function* csvLines<Name extends string>(
  source: Readable,
  columns: CsvColumns<Name>
): AsyncGenerator<CsvLine<Name>> {
  const { names, reject } = columns
  let order: readonly Name[] = names
  let line = 0
  for await (const text of textLines(source)) {
    line += 1
    if (text?.trim() === '') continue
    const fields = text === undefined ? undefined : split(text)
    if (fields === undefined || fields.length > names.length) {
      reject(line, 'is not a line of the expected columns')
      continue
    }
    const header = line === 1 ? headerOf(fields, columns) : undefined
    if (header === undefined) {
      const named = Object.fromEntries(names.map((name) => [name, fields[order.indexOf(name)] ?? '']))
      yield { line, fields: named as Record<Name, string> }
    } else {
      order = header
    }
  }
}
