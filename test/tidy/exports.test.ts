import { dirname, join, normalize } from 'node:path'
import { test } from 'tap'
import { readFiles, withoutComments } from '../support/source.ts'

// Names that nobody imports and that must be exported all the same, as `file name`, each with its reason.
const KEPT: readonly string[] = []

const src = readFiles('src', '.ts').map(withoutComments)
const importers = [...src, ...['test', 'bench'].flatMap((folder) => readFiles(folder, '.ts')).map(withoutComments)]

const DECLARED = /^export (?:abstract )?(?:async )?(?:const|let|function\*?|class|type|interface) +(\w+)/gm
const LISTED = /^export (?:type )?\{([^}]*)\}/gm
const TAKEN = [
  /(?:import|export) (?:type )?(?:\w+, )?(?<names>\{[^}]*\}) from '(?<path>\.[^']+)'/g,
  /(?<names>\{[^{}]*\}) = await import\(\s*'(?<path>\.[^']+)'/g,
  /import\('(?<path>\.[^']+)'\)\)?\.(?<names>\w+)/g
]

// the lists of a registry, taken as a whole
const ALL = /import \* as \w+ from '(\.[^']+)'/g

/** Names of a list as it stands in braces: as the module calls them, or as those who import them do. */
function namesIn(list: string, side: 'inside' | 'outside'): string[] {
  return list
    .replace(/[{}]/g, '')
    .split(',')
    .map(
      (entry) =>
        entry
          .trim()
          .replace(/^type /, '')
          .split(/ as |: /)
          .at(side === 'inside' ? 0 : -1) ?? ''
    )
    .filter((name) => name !== '')
}

function exportsOf(text: string): string[] {
  const listed = [...text.matchAll(LISTED)].flatMap(([, list = '']) => namesIn(list, 'outside'))
  return [...[...text.matchAll(DECLARED)].map(([, name = '']) => name), ...listed]
}

/** What all files import, as `file name`. */
function imported(): Set<string> {
  const taken = importers.flatMap(({ path, text }) =>
    TAKEN.flatMap((form) => [...text.matchAll(form)]).flatMap(({ groups = {} }) => {
      const target = normalize(join(dirname(path), groups.path ?? '')).replace(/\.js$/, '.ts')
      return namesIn(groups.names ?? '', 'inside').map((name) => `${target} ${name}`)
    })
  )
  return new Set(taken)
}

/** Files that are imported as a whole. */
const whole = new Set(
  importers.flatMap(({ path, text }) =>
    [...text.matchAll(ALL)].map(([, target = '']) => normalize(join(dirname(path), target)))
  )
)

test('what is exported is used by another file', async (t) => {
  const used = imported()
  const unused = src
    .filter(({ path }) => !whole.has(path))
    .flatMap(({ path, text }) => exportsOf(text).map((name) => `${path} ${name}`))
    .filter((place) => !used.has(place) && !KEPT.includes(place))
  t.strictSame(unused, [], 'no file imports these; take the word export away, or the name')
  t.strictSame(
    KEPT.filter((place) => used.has(place)),
    [],
    'these are imported and need no reason'
  )
})
