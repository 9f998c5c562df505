import { cpSync, mkdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const tests = join(root, 'build', 'test')

/** Where a failed run leaves its logs and histories; emptied when the next run begins. */
export const evidenceRoot = join(root, 'build', 'evidence')

/** The folder of one test file, by the path of its compiled file: build/evidence/end-to-end-void-decision.long. */
export function evidenceFolder(compiledTest = process.argv[1] ?? 'unknown'): string {
  const name = relative(tests, join(compiledTest)).replace(/\.test\.js$/, '')
  return join(
    evidenceRoot,
    name
      .split(sep)
      .filter((part) => part !== '..')
      .join('-')
  )
}

/** Keeps the logs and histories that lie in `folder`, which is about to be removed. @returns where they are now */
export function keepEvidence(folder: string): string {
  const place = evidenceFolder()
  mkdirSync(place, { recursive: true })
  cpSync(folder, place, {
    recursive: true,
    filter: (path) => !/\.[a-z0-9]+$/i.test(path) || /\.(log|jsonl)$/.test(path)
  })
  return place
}
