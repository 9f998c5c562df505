import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type ScriptName = 'gate' | 'close' | 'open' | 'restore' | 'trim'
export const scriptNames: readonly ScriptName[] = ['gate', 'close', 'open', 'restore', 'trim']

/** What makes one opening's scripts its own: another opening, or another Redis, has other SHAs. */
export interface Opening {
  readonly shard: number
  readonly epoch: number
  /** master_replid of the Redis that was opened */
  readonly replid: string
  readonly prefix: string
}

export interface Script {
  readonly body: string
  readonly sha: string
}

// build/src/gate -> lua at the root of the package
const luaFolder = fileURLToPath(new URL('../../../lua/', import.meta.url))

function include(name: string, seen: Set<string>): string {
  const text = readFileSync(`${luaFolder}${name}.lua`, 'utf8')
  return text.replace(/^-- @include (\S+)$/gm, (_, included: string) => {
    if (seen.has(included)) throw new Error(`lua/${included}.lua is included twice by lua/${name}.lua`)
    seen.add(included)
    return include(included, seen)
  })
}

/**
 * The script of an opening: its includes put in, its constants set, comments taken out (Redis keeps the body).
 * @throws Error when a file is missing or included twice
 */
export function renderScript(name: ScriptName, opening: Opening): Script {
  const [shebang = '', ...lines] = include(name, new Set()).split('\n')
  const constants =
    `local SHARD, EPOCH, REPLID, PREFIX = '${opening.shard}', '${opening.epoch}', '${opening.replid}', ` +
    `'${opening.prefix}'`
  const body = `${shebang}\n${constants}\n${lines.join('\n')}`
    .replace(/--\[\[[\s\S]*?\]\]\n/g, '')
    .replace(/^\s*--.*\n/gm, '')
  return { body, sha: createHash('sha1').update(body).digest('hex') }
}
