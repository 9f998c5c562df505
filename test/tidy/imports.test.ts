import { readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'tap'
import { kindNames } from '../../src/base/kinds.ts'
import { readFiles, type SourceFile, withoutComments } from '../support/source.ts'

// The way of a request through src: a folder imports only from folders to its right.
const LINE = [
  'cli.ts',
  'cli',
  'stack',
  'load',
  'http',
  'console',
  'storefront',
  'worker',
  'recovery',
  'export',
  'campaign',
  'gate',
  'verify',
  'events',
  'record',
  'journal',
  'store',
  'health',
  'tracing',
  'config',
  'base',
  'client'
]

// The same inside a folder. Its own files that stand here too are used by the sub-folders to their left; all others use them.
const LINES_INSIDE: Readonly<Record<string, readonly string[]>> = {
  http: [
    'server',
    'watching',
    'operator',
    'report-page',
    'account',
    'boards',
    'shares',
    'orders',
    'discussions',
    'wins',
    'invites',
    'participation',
    'tickets',
    'campaigns',
    'answering',
    'kinds',
    'views',
    'wire',
    'auth',
    'problems',
    'running'
  ],
  worker: [
    'commands',
    'signals',
    'shard',
    'drivers',
    'loans',
    'archive',
    'reminders',
    'boards',
    'following',
    'events',
    'projection',
    'running'
  ],
  recovery: ['compare', 'checkpoint', 'open'],
  campaign: ['lifecycle', 'actions', 'change', 'carrying', 'definition', 'kinds', 'parts'],
  'campaign/kinds': ['index.ts', 'all.ts', ...kindNames],
  gate: ['shard', 'gate.ts', 'boards', 'batch', 'redis'],
  store: ['shares', 'boards', 'reading', 'following', 'projection', 'campaigns', 'shard', 'operators', 'connection'],
  verify: ['spin', 'difference.ts', 'journal-line.ts', 'supply.ts'],
  stack: [
    'demo',
    'admin-client.ts',
    'stack.ts',
    'servers',
    'home.ts',
    'screen.ts',
    'files.ts',
    'processes',
    'errors.ts'
  ],
  load: ['outside', 'open-loop.ts', 'tally.ts', 'connections.ts', 'answer-reader.ts', 'load-error.ts'],
  cli: ['admin', 'run']
}

const MAX_FILES = 25

const src = readFiles('src', '.ts')

/** Paths of the files that a file imports, also for their types only, and also later, by `import(...)`. */
function importsOf(file: SourceFile): string[] {
  const arrows = withoutComments(file).text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)
  return [...arrows].map((arrow) => normalize(join(dirname(file.path), arrow[1] ?? '')))
}

const imports = new Map(src.map((file) => [file.path, importsOf(file)]))
const others = ['test', 'bench'].flatMap((folder) => readFiles(folder, '.ts'))

/** The name below `folder` under which a path lies; undefined outside of it. */
function placeIn(folder: string, path: string): string | undefined {
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/')[0] : undefined
}

/** Arrows below a folder that point back, or to or from what has no place in its line. */
function arrowsBack(
  folder: string,
  line: readonly string[],
  unlisted: (place: string) => number | undefined
): string[] {
  const indexOf = (place: string) => (line.includes(place) ? line.indexOf(place) : unlisted(place))
  const wrong: string[] = []
  for (const [path, targets] of imports) {
    const from = placeIn(folder, path)
    if (from === undefined) continue
    const start = indexOf(from)
    if (start === undefined) wrong.push(`${path}: ${from} has no place in the line of ${folder}`)
    for (const target of targets) {
      const to = placeIn(folder, target)
      const end = to === undefined ? undefined : indexOf(to)
      if (start !== undefined && end !== undefined && end < start) wrong.push(`${path}: imports ${target}`)
    }
  }
  return wrong
}

/** Files that import one another in a circle, each circle as one text. */
function circles(): string[] {
  const all = new Map([...imports, ...others.map((file) => [file.path, importsOf(file)] as const)])
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path)
    if (at !== -1) found.push([...way.slice(at), path].join(' > '))
    if (at !== -1 || done.has(path)) return
    for (const target of all.get(path) ?? []) walk(target, [...way, path])
    done.add(path)
  }
  for (const path of all.keys()) walk(path, [])
  return found
}

test('folders of src import forward only', async (t) => {
  t.strictSame(
    arrowsBack('src', LINE, () => undefined),
    []
  )
})

test('sub-folders import forward only', async (t) => {
  for (const [folder, line] of Object.entries(LINES_INSIDE)) {
    const isFile = (place: string) => (place.endsWith('.ts') ? -1 : undefined)
    t.strictSame(arrowsBack(`src/${folder}`, line, isFile), [], folder)
  }
})

test('no files import one another in a circle', async (t) => {
  t.strictSame(circles(), [])
})

test('a folder has few files', async (t) => {
  const folders = ['src', 'test', 'bench', 'lua'].flatMap((top) => [
    top,
    ...readdirSync(top, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
  ])
  const full = folders.flatMap((folder) => {
    const count = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()).length
    return count > MAX_FILES ? [`${folder}: ${count} files, at most ${MAX_FILES} are allowed`] : []
  })
  t.strictSame(full, [])
})
