import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { test } from 'tap'
import { conditionTable } from '../../src/health/conditions.ts'
import { problemTable } from '../../src/http/problems/table.ts'
import { codeOnly, findAll, readFiles, type SourceFile, textsOnly, withoutComments } from '../support/source.ts'

const VISIBLE_ROOT = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'Dockerfile',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'bench',
  'compose.yaml',
  'deploy',
  'docs',
  'examples',
  'lua',
  'migrations',
  'package-lock.json',
  'package.json',
  'src',
  'test',
  'tsconfig.json'
]
const MAX_FILE_LINES = 300
const MAX_README_LINES = 200
const ENTRY_FIELDS = ['purpose', 'KEYS', 'ARGV', 'Returns', 'Cost', 'Replay']
const INCLUDE_FIELDS = ['purpose', 'Returns']
// Names that other parts of a deployment see are spelled in one file each.
const KEYS_FILE = 'src/record/keys.ts'
const SUBJECTS_FILE = 'src/journal/subjects.ts'

const src = readFiles('src', '.ts')
const tests = readFiles('test', '.ts')
const bench = readFiles('bench', '.ts')
const lua = readFiles('lua', '.lua')
const typescript = [...src, ...tests, ...bench]

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

function tooLong(files: SourceFile[], most: number): string[] {
  return files
    .filter((file) => lineCount(file.text) > most)
    .map((file) => `${file.path}: ${lineCount(file.text)} lines, at most ${most} are allowed`)
}

/** Runs a linter of the project and returns what it complains of, one text for each line; nothing when all is well. */
function complaints(program: string, args: string[]): string[] {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 600_000 })
  if (status === 0) return []
  return `${program} ended with ${status ?? error}\n${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '')
}

/** The folder of src that a path lies in, or the name of a file directly in src; undefined outside of src. */
function partOfSrc(path: string): string | undefined {
  const [top, part] = path.split(sep)
  return top === 'src' ? part : undefined
}

function headerProblems(file: SourceFile): string[] {
  const entry = file.text.startsWith('#!lua')
  const header = /^(?:#!lua.*\n)?--\[\[\n([\s\S]*?)\]\]\n/.exec(file.text)?.[1]
  if (header === undefined) return [`${file.path}: starts with no header`]
  return (entry ? ENTRY_FIELDS : INCLUDE_FIELDS)
    .filter((field) => !new RegExp(`^ +${field}: +\\S`, 'm').test(header))
    .map((field) => `${file.path}: the header has no ${field}`)
}

function everywhere(files: SourceFile[], pattern: RegExp, what: string): string[] {
  return files.flatMap((file) => findAll(file, pattern, what))
}

test('the visible root holds only what people expect there', async (t) => {
  const visible = readdirSync('.').filter((name) => !name.startsWith('.') && !['build', 'node_modules'].includes(name))
  t.strictSame(
    visible.filter((name) => !VISIBLE_ROOT.includes(name)),
    []
  )
})

test('files stay small', async (t) => {
  t.strictSame(tooLong([...typescript, ...lua], MAX_FILE_LINES), [])
  const readme = { path: 'README.md', text: readFileSync('README.md', 'utf8') }
  t.strictSame(tooLong([readme], MAX_README_LINES), [])
})

test('functions stay small, in TypeScript and in Lua', async (t) => {
  const rules = ['noExcessiveLinesPerFunction', 'useMaxParams'].map((rule) => `--only=complexity/${rule}`)
  t.strictSame(complaints('node_modules/.bin/biome', ['lint', '--colors=off', '--reporter=concise', ...rules]), [])
  t.strictSame(complaints(process.execPath, ['.config/lint-lua.js', 'lua']), [])
})

test('each folder says what it is for', async (t) => {
  const folders = new Set(src.map((file) => dirname(file.path)).filter((path) => path.split(sep).length === 2))
  for (const folder of ['src', 'lua', 'migrations', 'bench', ...folders]) {
    t.ok(existsSync(join(folder, 'README.md')), `${folder} has a README.md`)
  }
})

test('the list of problems in the docs is the one of the code', async (t) => {
  const documented = readFileSync('docs/problems.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  const rows = Object.entries(problemTable).map(([code, { status, members, en }]) => {
    return `| \`${code}\` | ${status} | ${members.map((member) => `\`${member}\``).join(', ')} | ${en.title} |`
  })
  t.strictSame(documented, rows)
})

test('the runbook has an entry for each condition, and says of it what the code says', async (t) => {
  const runbook = readFileSync('docs/runbook.md', 'utf8')
  const entries = [...runbook.matchAll(/^### Condition (\S+)\n\n([^\n]*)/gm)].map(([, name, text = '']) => ({
    name,
    text
  }))
  t.strictSame(
    entries.map(({ name }) => name),
    conditionTable.map(({ name }) => name)
  )
  for (const [index, { meaning }] of conditionTable.entries())
    t.equal(entries[index]?.text.slice(0, meaning.length), meaning)
})

test('each Lua script starts with a header that says what it takes, gives and costs', async (t) => {
  t.strictSame(lua.flatMap(headerProblems), [])
})

test('key names are built in one file', async (t) => {
  const elsewhere = src.filter((file) => file.path !== KEYS_FILE).map(textsOnly)
  // `${s...}` of a template is no key; `{s0}`, `{s${shard}}` are
  t.strictSame(everywhere(elsewhere, /(?<!\$)\{s(?:\d|\$\{)/g, `a key name outside of ${KEYS_FILE}`), [])
  t.strictSame(everywhere(elsewhere, /[`'][cas]:\$\{/g, `a key name outside of ${KEYS_FILE}`), [])
  t.strictSame(everywhere(lua, /['"][^'"\n]*:?\{s\d?/g, 'a key name built in a script'), [])
})

test('names of streams and subjects are built in one file', async (t) => {
  const elsewhere = src.filter((file) => file.path !== SUBJECTS_FILE).map(textsOnly)
  // a file may be named after the journal
  t.strictSame(everywhere(elsewhere, /-journal\.(?!ts')|_JOURNAL_/g, `a journal name outside of ${SUBJECTS_FILE}`), [])
})

test('SQL about users takes and gives the names that they have inside', async (t) => {
  // what is about our own name only, joins rows of one user, counts users, or is a shape without SQL
  const others = ['shard/opened.ts', 'reading/win-details.ts', 'reading/report-figures.ts', 'projection/rows.ts'].map(
    (name) => join('src', 'store', name)
  )
  const files = src.filter((file) => partOfSrc(file.path) === 'store' && /\buser_id\b/.test(file.text))
  const bare = files.filter((file) => !file.text.includes("/user-name.ts'") && !others.includes(file.path))
  t.strictSame(
    bare.map((file) => `${file.path}: pass users through issuedUser and inside of user-name.ts`),
    []
  )
})

test('the environment is read in one place', async (t) => {
  const allowed = ['cli.ts', 'cli', 'stack', 'config']
  const elsewhere = src.filter((file) => !allowed.includes(partOfSrc(file.path) ?? '')).map(codeOnly)
  t.strictSame(everywhere(elsewhere, /\bprocess\.env\b/g, 'process.env outside of src/config'), [])
})

test('every error has a class of ours, and every class a code of its own', async (t) => {
  const classes = src.flatMap(({ path, text }) =>
    [...text.matchAll(/^(?:export )?(?:abstract )?class (\w+) extends (\w*Error)\b[\s\S]*?^}/gm)].map(
      ([body, name = '', base = '']) => ({ path, body, name, base })
    )
  )
  // what runs in browsers imports no base
  const foreign = classes.filter(
    ({ base, name, path }) =>
      base === 'Error' &&
      name !== 'FloodgateError' &&
      !['client', 'console', 'storefront'].includes(partOfSrc(path) ?? '')
  )
  t.strictSame(
    foreign.map(({ path, name }) => `${path}: ${name} extends Error; extend FloodgateError of src/base/errors.ts`),
    []
  )
  const codes = new Map<string, string>()
  for (const { path, name, body } of classes.filter((one) => one.base !== 'Error')) {
    // the codes of refused requests are those of the problem table
    const code =
      /readonly code(?:: string)? = '([a-z-]+)'/.exec(body)?.[1] ?? /readonly code: (\w+Code)\b/.exec(body)?.[1]
    t.ok(code, `${path}: ${name} has a code`)
    t.notOk(codes.has(code ?? ''), `${path}: the code ${code} is the one of ${codes.get(code ?? '')} too`)
    codes.set(code ?? '', name)
  }
})

test('nothing is typed any, left to chance, left for later or switched off', async (t) => {
  // this file spells what it looks for
  const others = typescript.filter((file) => file.path !== join('test', 'tidy', 'tidy.test.ts'))
  const code = others.map(codeOnly)
  t.strictSame(everywhere(code, /\bas any\b|:\s*any\b|<any\b|\bany\[\]/g, 'any'), [])
  t.strictSame(everywhere(code, /\bMath\.random\b/g, 'Math.random'), [])
  t.strictSame(everywhere(code, /\.only\(/g, 'a test that runs alone'), [])
  t.strictSame(
    everywhere([...others, ...lua], /(?:^\s*\*|\/\/ |-- |--\[\[).*\b(?:TODO|FIXME|XXX)\b/gm, 'left for later'),
    []
  )
  t.strictSame(everywhere(others, /@ts-(?:ignore|nocheck|expect-error)/g, 'a type error switched off'), [])
})

test('tests wait for what they need, not for time to pass', async (t) => {
  const files = tests.filter((file) => file.path.endsWith('.test.ts')).map(withoutComments)
  const sleep = /node:timers\/promises|new Promise(?:<\w+>)?\(\s*\(?\w+\)?\s*=>\s*setTimeout/g
  t.strictSame(everywhere(files, sleep, 'a bare sleep'), [])
})
