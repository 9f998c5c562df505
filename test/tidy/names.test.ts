import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'tap'
import { commentsOnly, readFiles, type SourceFile } from '../support/source.ts'

// Made while something runs, so no checkout has them.
const MADE = ['stack.json', 'secrets.json', 'results.json', 'results.md', 'against.json']
// The activity kind that CONTRIBUTING.md adds as an example.
const EXAMPLE = /\bpledge\b/
// Tells what was, under the names of then.
const HISTORY = 'CHANGELOG.md'
const FOLDERS = ['src', 'test', 'bench', 'lua', 'docs', 'examples', 'deploy', 'migrations', '.config']

const atRoot = readdirSync('.', { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name)
const all = [...FOLDERS.flatMap((folder) => readFiles(folder, '').map(({ path }) => path)), ...atRoot]
const known = new Set(all)

const ENDING = '(?:ts|tsx|js|mjs|lua|sql|md|sh|toml|json|yaml|grit)'
// no part of an address, a package or a pattern, and no file of another kind (`.js.map`)
const NAME = new RegExp(
  String.raw`(?<![\w/.@<>{}*:-])(?:\.{1,2}/)*[\w.-]+(?:/[\w.-]+)*\.${ENDING}(?![\w/*-]|\.\w)`,
  'g'
)
const FOLDER = new RegExp(
  String.raw`(?<![\w/.@<>{}*:-])(?:${FOLDERS.join('|').replace('.', '\\.')})/[\w./-]*\w(?![\w/*<{-]|\.\w)`,
  'g'
)

/** The same file in the source, of one in the build. */
function sourceOf(name: string): string[] {
  const path = name.replace(/^build\//, '')
  return [path, path.replace(/\.js$/, '.ts')]
}

/** Whether a file that says `name` names a file: by its path from the root or from any folder that the sayer lies in, or by its bare name where it lies below. */
function isThere(name: string, sayer: string): boolean {
  if (MADE.includes(name.split('/').at(-1) ?? '') || EXAMPLE.test(name)) return true
  const folder = dirname(sayer)
  const around = folder.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
  const below = folder === '.' ? '' : `${folder}/`
  return sourceOf(name).some((path) => {
    if (['.', ...around].some((place) => known.has(normalize(join(place, path))))) return true
    return !path.includes('/') && all.some((place) => place.startsWith(below) && place.endsWith(`/${path}`))
  })
}

/** What a text names that is not there, as `path:line: name`. */
function strangers(file: SourceFile, { bareInTicks }: { bareInTicks: boolean }): string[] {
  const names = [...file.text.matchAll(NAME)].filter(
    ({ 0: name, index }) => !bareInTicks || name.includes('/') || file.text[index - 1] === '`'
  )
  const folders = [...file.text.matchAll(FOLDER)].filter(([path]) => !existsSync(path) && !isThere(path, file.path))
  const missing = [...names.filter(([name]) => !isThere(name, file.path)), ...folders]
  return [
    ...new Set(
      missing.map(({ 0: name, index }) => `${file.path}:${file.text.slice(0, index).split('\n').length}: ${name}`)
    )
  ]
}

const code = ['src', 'test', 'bench', 'lua', 'migrations'].flatMap((folder) =>
  ['.ts', '.lua', '.sql'].flatMap((ending) => readFiles(folder, ending))
)
const pages = [
  ...FOLDERS.flatMap((folder) => readFiles(folder, '.md')),
  ...atRoot.filter((name) => name.endsWith('.md')).map((path) => ({ path, text: readFileSync(path, 'utf8') }))
]

test('a file that a comment names is there', async (t) => {
  t.strictSame(
    code.map(commentsOnly).flatMap((file) => strangers(file, { bareInTicks: false })),
    []
  )
})

test('a file that a page names is there', async (t) => {
  t.strictSame(
    pages.filter(({ path }) => path !== HISTORY).flatMap((file) => strangers(file, { bareInTicks: true })),
    []
  )
})

test('each migration has a number of its own, without gaps', async (t) => {
  const numbers = readFiles('migrations', '.sql').map(({ path }) => Number(basename(path).slice(0, 4)))
  t.strictSame(
    numbers.toSorted((a, b) => a - b),
    numbers.map((_, index) => index + 1)
  )
})
