import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What was measured. */
export interface Build {
  /** of package.json */
  readonly version: string
  /** the commit, shortened; unknown outside of a repository */
  readonly commit: string
  /** whether files differed from that commit */
  readonly changed: boolean
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

export function readBuild(): Build {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }
  return {
    version,
    commit: git('rev-parse', '--short=8', 'HEAD') ?? 'unknown',
    changed: (git('status', '--porcelain', '--untracked-files=no') ?? '') !== ''
  }
}

export function buildName({ version, commit, changed }: Build): string {
  return `version ${version}, commit ${commit}${changed ? ' with changes' : ''}`
}
