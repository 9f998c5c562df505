import type { Readable } from 'node:stream'
import { setImmediate as slice } from 'node:timers/promises'
import { ProblemError } from '../problems/problems.ts'
import { bareName } from './code-lines.ts'

/** One line of an upload, from 1; `fields` by column name, '' for a missing one. */
interface CsvLine<Name extends string> {
  readonly line: number
  readonly fields: Readonly<Record<Name, string>>
  /** whether the file has a header */
  readonly header: boolean
}

interface CsvColumns<Name extends string> {
  readonly names: readonly Name[]
  /** names that a header may leave out */
  readonly optional?: readonly Name[]
  /** other names (see `bareName`) of the only column */
  readonly aliases?: ReadonlySet<string>
  /** called for each line that cannot be read */
  readonly reject: (line: number, detail: string) => void
}

const LINE_MAX = 2000
/** lines after which the reader yields to other work: the public port may be in the same process */
const LINES_PER_SLICE = 500

const LINE_FEED = 0x0a
const NOT_UTF8 = 'is not UTF-8; save the file as "CSV UTF-8"'
const TOO_LONG = `is longer than ${LINE_MAX} bytes`

interface TextLine {
  /** undefined if the line cannot be read; `wrong` says why */
  readonly text: string | undefined
  readonly wrong: string
}

/** @throws ProblemError VALIDATION for a file with two bytes a character, which some spreadsheets export as "Unicode text" */
function refuseUtf16(chunk: Buffer): void {
  const mark = chunk.subarray(0, 2).toString('hex')
  if (mark !== 'fffe' && mark !== 'feff') return
  throw new ProblemError('VALIDATION', { errors: [{ pointer: '/1', detail: `the file ${NOT_UTF8}` }] })
}

/** Lines of a stream; only the beginning of a line that is too long is held in memory. */
async function* textLines(source: Readable): AsyncGenerator<TextLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest: Buffer = Buffer.alloc(0)
  let tooLong = false
  let first = true
  const read = (bytes: Buffer): TextLine => {
    if (tooLong || bytes.length > LINE_MAX) return { text: undefined, wrong: TOO_LONG }
    try {
      return { text: decoder.decode(bytes).replace(/\r$/, ''), wrong: '' }
    } catch {
      return { text: undefined, wrong: NOT_UTF8 }
    }
  }
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (first) refuseUtf16(chunk)
    first = false
    let at = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, at)) {
      const part = chunk.subarray(at, end)
      yield read(rest.length === 0 ? part : Buffer.concat([rest, part]))
      rest = Buffer.alloc(0)
      tooLong = false
      at = end + 1
    }
    rest = rest.length === 0 ? chunk.subarray(at) : Buffer.concat([rest, chunk.subarray(at)])
    if (rest.length > LINE_MAX) {
      tooLong = true
      rest = Buffer.alloc(0)
    }
  }
  if (tooLong || rest.length > 0) yield read(rest)
}

/** A quoted field, and where it ends; undefined if the closing quote is missing. */
function quoted(text: string, start: number): { field: string; end: number } | undefined {
  let end = start
  do {
    end = text.indexOf('"', end + 1)
    if (end < 0) return undefined
    // a doubled quote stands for one quote in the field
    if (text[end + 1] === '"') end += 1
    else return { field: text.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 }
  } while (end < text.length)
  return undefined
}

/** Fields of a line, without blanks around them; undefined for misplaced quotes. */
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

/** The columns of a header; undefined if the first line is no header. @throws ProblemError VALIDATION */
function headerOf<Name extends string>(fields: readonly string[], columns: CsvColumns<Name>): Name[] | undefined {
  const { names, optional = [], aliases } = columns
  const found = fields.map((field) => (aliases?.has(bareName(field)) ? (names[0] ?? '') : field.toLowerCase()))
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
 * Reads an upload line by line, at the speed of the caller, and keeps none in memory. The file is text with one field a line,
 * or CSV with commas; a header is optional and may order the columns; empty lines are skipped.
 * @throws ProblemError VALIDATION for a header that lacks a column
 */
export async function* csvLines<Name extends string>(
  source: Readable,
  columns: CsvColumns<Name>
): AsyncGenerator<CsvLine<Name>> {
  const { names, reject } = columns
  let order: readonly Name[] = names
  let line = 0
  let hasHeader = false
  for await (const { text, wrong } of textLines(source)) {
    line += 1
    if (line % LINES_PER_SLICE === 0) await slice()
    if (text?.trim() === '') continue
    if (text === undefined) {
      reject(line, wrong)
      continue
    }
    const fields = split(text)
    const header = line === 1 && fields !== undefined ? headerOf(fields, columns) : undefined
    if (header !== undefined) {
      order = header
      hasHeader = true
      continue
    }
    if (fields === undefined || fields.length > names.length) {
      reject(line, 'is not a line of the expected columns')
      continue
    }
    const named = Object.fromEntries(names.map((name) => [name, fields[order.indexOf(name)] ?? '']))
    yield { line, header: hasHeader, fields: named as Record<Name, string> }
  }
}
