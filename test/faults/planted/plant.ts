import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Verdict } from '../row.ts'
import type { Edit, PlantedBug } from './bugs.ts'

/** What a deployment reads, and no bug is planted in: pages and the client are sent as bytes. */
const UNCHANGED = ['migrations', 'node_modules', 'src', 'build/client', 'build/console', 'build/storefront']

/** Copies what a deployment runs and plants a bug in the copy. @returns its build/src/cli.js @throws Error when an edit does not fit */
export function plant(root: string, folder: string, { name, edits }: PlantedBug): string {
  mkdirSync(join(folder, 'build'), { recursive: true })
  for (const part of ['build/src', 'lua', 'package.json']) {
    cpSync(join(root, part), join(folder, part), { recursive: true })
  }
  for (const part of UNCHANGED) symlinkSync(join(root, part), join(folder, part))
  for (const edit of edits) change(folder, name, edit)
  return join(folder, 'build/src/cli.js')
}

function change(folder: string, name: string, { file, find, put }: Edit): void {
  const path = join(folder, file)
  const parts = readFileSync(path, 'utf8').split(find)
  const [before = '', after = ''] = parts
  if (parts.length !== 2) {
    throw new Error(`The bug ${name} does not fit: ${file} holds ${parts.length - 1} times ${JSON.stringify(find)}.`)
  }
  writeFileSync(path, before + put + after)
}

/** What a run with a planted bug showed: the difference that caught it, or undefined. */
export function caughtBy(
  { rules }: PlantedBug,
  { outcome, differences }: Verdict
): Verdict['differences'][number] | undefined {
  return outcome === 'failed' ? differences.find(({ rule }) => rules.includes(rule)) : undefined
}
