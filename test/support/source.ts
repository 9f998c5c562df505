import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One file of the project, as the tidy test reads it: `path` from the root with `/`, `text` as it is. */
export interface SourceFile {
  path: string
  text: string
}

/**
 * Reads the files below a folder of the project.
 * @param folder from the root, such as `src`; one that does not exist has no files
 * @param ending of the names wanted, such as `.ts`
 */
export function readFiles(folder: string, ending: string): SourceFile[] {
  return listFiles(folder)
    .filter((path) => path.endsWith(ending) || (ending === '.ts' && path.endsWith('.tsx')))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return listFiles(path)
    return entry.isFile() ? [path] : []
  })
}

/** Where something was found: `path:line: what`, one for each match of a global pattern. */
export function findAll(file: SourceFile, pattern: RegExp, what: string): string[] {
  return [...file.text.matchAll(pattern)].map((match) => {
    const line = file.text.slice(0, match.index).split('\n').length
    return `${file.path}:${line}: ${what}`
  })
}

// Whatever starts first wins, so a quote in a comment opens no string. Quotes inside a template's `${}` and inside
// regular expressions are not followed: a parser would be exact and is not worth its weight for these checks.
const COMMENT_OR_TEXT = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** The file without its comments; every character that stays keeps its line. */
export function withoutComments(file: SourceFile): SourceFile {
  return { path: file.path, text: file.text.replace(COMMENT_OR_TEXT, (part) => (part[0] === '/' ? blank(part) : part)) }
}

/** The code of the file alone: comments and the content of strings and templates are blanks. */
export function codeOnly(file: SourceFile): SourceFile {
  return { path: file.path, text: file.text.replace(COMMENT_OR_TEXT, blank) }
}

/** The content of strings and templates alone, the rest is blanks. */
export function textsOnly(file: SourceFile): SourceFile {
  let text = ''
  let end = 0
  for (const match of file.text.matchAll(COMMENT_OR_TEXT)) {
    text += blank(file.text.slice(end, match.index)) + (match[0].startsWith('/') ? blank(match[0]) : match[0])
    end = match.index + match[0].length
  }
  return { path: file.path, text: text + blank(file.text.slice(end)) }
}

// a text of SQL or Lua that holds two hyphens is taken for a comment, too
const COMMENTS: Readonly<Record<string, RegExp>> = { lua: /--\[\[[\s\S]*?\]\]|--.*/g, sql: /--.*|\/\*[\s\S]*?\*\//g }

/** The comments of a file of TypeScript, Lua or SQL alone, the rest is blanks. */
export function commentsOnly(file: SourceFile): SourceFile {
  const form = COMMENTS[file.path.split('.').at(-1) ?? ''] ?? COMMENT_OR_TEXT
  let text = ''
  let end = 0
  for (const match of file.text.matchAll(form)) {
    const isComment = form !== COMMENT_OR_TEXT || match[0].startsWith('/')
    text += blank(file.text.slice(end, match.index)) + (isComment ? match[0] : blank(match[0]))
    end = match.index + match[0].length
  }
  return { path: file.path, text: text + blank(file.text.slice(end)) }
}

function blank(part: string): string {
  return part.replace(/[^\n]/g, ' ')
}
