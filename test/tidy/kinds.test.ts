import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'tap'
import { kindNames } from '../../src/base/kinds.ts'
import { kinds } from '../../src/campaign/kinds/index.ts'
import * as listeners from '../../src/worker/following/kinds/all.ts'
import { findAll, readFiles, withoutComments } from '../support/source.ts'

// Where a kind may be named: its own files, which the registries name, and what is said here.
const NAMING = [
  // reads rules out of a journal and verifies draws only
  'src/verify/spin/rules.ts'
]

const isOfKinds = (path: string) =>
  path.includes('/kinds/') || kindNames.some((name) => basename(path) === `${name}.ts`)

const src = readFiles('src', '.ts')

test('nothing compares a kind with a name outside of its own files: ask the registry for a property', async (t) => {
  const name = `(['"\`])(?:${kindNames.join('|')})`
  const compared = new RegExp(`(?:[=!]== *|case |[[(,] *)${name}\\1|${name}\\2 *[=!]==`, 'g')
  const found = (path: string, text: string) => findAll(withoutComments({ path, text }), compared, 'names a kind')
  const others = src.filter(({ path }) => !isOfKinds(path) && !NAMING.includes(path))
  t.strictSame(
    others.flatMap(({ path, text }) => found(path, text)),
    []
  )
  const needless = src.filter(({ path, text }) => NAMING.includes(path) && found(path, text).length === 0)
  t.strictSame(needless, [], 'files that may name a kind and do not any more')
  for (const text of ["kind === 'sale'", "if ('draw' !== kind)", "case 'task':", "['sale', 'draw'].includes(kind)"]) {
    t.not(found('a file', text).length, 0, text)
  }
})

/** The folder of kinds and the kind that a file belongs to; undefined for other files, a registry among them. */
function kindOfFile(path: string): { folder: string; kind: string } | undefined {
  const [, folder, kind = ''] = /^(.*\/kinds)\/([a-z-]+)(?:\/|\.ts$)/.exec(path) ?? []
  return folder !== undefined && kindNames.some((name) => name === kind) ? { folder, kind } : undefined
}

test('a kind imports no other kind, and not the registry that names it', async (t) => {
  const wrong = src.flatMap((file) => {
    const own = kindOfFile(file.path)
    if (!own) return []
    const arrows = [...withoutComments(file).text.matchAll(/from '(\.{1,2}\/[^']+)'/g)]
    return arrows.flatMap(([, target = '']) => {
      const path = normalize(join(dirname(file.path), target))
      const other = kindOfFile(path)
      const isOther = other !== undefined && other.kind !== own.kind
      return isOther || path === `${own.folder}/index.ts` ? [`${file.path}: imports ${path}`] : []
    })
  })
  t.strictSame(wrong, [])
})

test('a page shows a reward by rewardView: a definition has what only operators and winners may see', async (t) => {
  const shown = src.filter(({ path }) => path.startsWith('src/http/') && path !== 'src/http/kinds/parts/reward.ts')
  t.strictSame(
    shown.flatMap((file) => findAll(withoutComments(file), /rewardDefinition/g, 'shows the definition of a reward')),
    []
  )
})

test('a kind says that its activities are followed where they have a listener: a settlement waits for these', async (t) => {
  const named = Object.entries(kinds).filter(([, kind]) => 'isFollowed' in kind)
  t.strictSame(named.map(([name]) => name).sort(), Object.keys(listeners).sort())
})
