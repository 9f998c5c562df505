import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { knowAll } from './known-calls.ts'

export const scriptNames = [
  'gate',
  'close',
  'settle-left',
  'page',
  'restore',
  'open',
  'trim',
  'repair',
  'forget',
  'dry-run'
] as const
export type ScriptName = (typeof scriptNames)[number]

/** The values that make the scripts of one opening its own: another opening, or another Redis, has other SHAs. */
interface Opening {
  readonly shard: number
  readonly epoch: number
  /** master_replid of the Redis that is opened */
  readonly replid: string
  readonly prefix: string
}

interface Script {
  readonly body: string
  readonly sha: string
}

// build/src/gate -> lua at the root of the package
const luaFolder = fileURLToPath(new URL('../../../../lua/', import.meta.url))

const KINDS = 'kinds/'
const INCLUDE = /^ *-- @include (\S+)$/gm

function readLua(name: string): string {
  const text = readFileSync(`${luaFolder}${name}.lua`, 'utf8')
  return text.replace(/--\[\[[\s\S]*?\]\]\n/g, '').replace(/^\s*--(?! @include ).*\n/gm, '')
}

function wordsOf(text: string): Set<string> {
  return new Set(text.match(/\w+/g))
}

/**
 * An included file as a block of its own. A script may have 200 locals, and all files together have more, so only the
 * names that other files use are declared outside of the block.
 */
function inBlock(text: string, others: ReadonlyArray<ReadonlySet<string>>): string {
  const names = Array.from(text.matchAll(/^local (?:function )?(\w+)/gm), ([, name = '']) => name)
  const shared = names.filter((name) => others.some((words) => words.has(name)))
  // a name that is declared outside is only assigned in the block
  const body = text.replace(/^local (?:function )?(\w+)(?: = .*)?/gm, (declared, name: string) => {
    if (!shared.includes(name)) return declared
    return declared === `local ${name}` ? '' : declared.slice('local '.length)
  })
  const outside = shared.length > 0 ? `local ${shared.join(', ')}\n` : ''
  return `${outside}do\n${body}end\n`
}

/** The file of an activity kind as a function of the registry, which runs when a batch first meets the kind. */
function inRegistry(name: string, text: string): string {
  return `KINDS.${name.slice(KINDS.length)} = function()\n${text}end\n`
}

/** The kinds that an entry script does not include by name, for its line `kinds/*`. */
function otherKinds(named: readonly string[]): string[] {
  return readdirSync(`${luaFolder}${KINDS}`)
    .map((file) => `${KINDS}${basename(file, '.lua')}`)
    .filter((name) => !named.includes(name))
    .sort()
}

/** An entry script. An included file that includes others is a part of it, and is pasted as it is, before them. */
function readEntry(name: ScriptName): string {
  return readLua(name).replace(INCLUDE, (line, file: string) => {
    const text = file === `${KINDS}*` ? '' : readLua(file)
    return text.search(INCLUDE) === -1 ? line : text.trimEnd()
  })
}

const assembled = new Map<ScriptName, string>()

/**
 * The text of an entry script, put together when it is first asked for: every look at a shard asks for all of them again, and the files of a
 * process are those of its version.
 * @throws Error when a file is missing or included twice
 */
function assembledText(name: ScriptName): string {
  const text = assembled.get(name) ?? assemble(name)
  assembled.set(name, text)
  return text
}

/** The text of an entry script with its includes in place. @throws Error when a file is missing or included twice */
function assemble(entry: ScriptName): string {
  const text = readEntry(entry)
  const named = Array.from(text.matchAll(INCLUDE), ([, name = '']) => name)
  const twice = named.find((name, index) => named.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`lua/${twice}.lua is included twice by lua/${entry}.lua`)
  const filesOf = (name: string) => (name === `${KINDS}*` ? otherKinds(named) : [name])
  const names = named.flatMap(filesOf)
  const files = names.map((name) => readLua(name))
  const words = [text, ...files].map(wordsOf)
  const pasted = (name: string) => {
    const index = names.indexOf(name)
    const file = files[index] ?? ''
    return name.startsWith(KINDS) ? inRegistry(name, file) : inBlock(file, words.toSpliced(index + 1, 1))
  }
  return text.replace(INCLUDE, (_, name: string) => filesOf(name).map(pasted).join(''))
}

/**
 * The script of an opening: its includes pasted in, its constants set, its comments removed (Redis keeps the text).
 * @throws Error when a file is missing or included twice
 */
export function renderScript(name: ScriptName, opening: Opening): Script {
  const [shebang = '', ...lines] = assembledText(name).split('\n')
  const constants =
    `local SHARD, EPOCH, REPLID, PREFIX = '${opening.shard}', '${opening.epoch}', '${opening.replid}', ` +
    `'${opening.prefix}'`
  const body = `${shebang}\n${constants}\n${lines.join('\n')}`
  return { body, sha: createHash('sha1').update(body).digest('hex') }
}

/** Whether a shard was opened with the scripts that this version has. */
export function areOurs(
  opening: Omit<Opening, 'prefix'> & { readonly shas: Readonly<Record<string, string>> },
  prefix: string
): boolean {
  const { shard, epoch, replid, shas } = opening
  return (
    knowAll(shas) &&
    scriptNames.every((name) => shas[name] === renderScript(name, { shard, epoch, replid, prefix }).sha)
  )
}
