import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const BUILD_WITHIN_MS = 600_000

/** Another commit of this repository, built in a worktree of its own. */
export interface Checkout {
  /** abbreviated hash */
  readonly commit: string
  /** path of its command line */
  readonly cli: string
  remove(): Promise<void>
}

function run(program: string, args: readonly string[], cwd?: string): string {
  const options = { cwd, encoding: 'utf8', timeout: BUILD_WITHIN_MS } as const
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  if (status === 0) return stdout.trim()
  const said = (stderr || stdout || String(error)).trim().slice(-2000)
  throw new Error(`${program} ${args.join(' ')} failed:\n${said}`)
}

/**
 * Checks a commit out into a temporary worktree, installs what its own lock file names and builds it.
 * @throws Error with the words of git or npm when there is no such commit, or it does not build
 */
export async function checkOut(name: string): Promise<Checkout> {
  const hash = run('git', ['rev-parse', '--verify', '--end-of-options', `${name}^{commit}`])
  const folder = join(await mkdtemp(join(tmpdir(), 'floodgate-against-')), 'tree')
  const remove = async (): Promise<void> => {
    spawnSync('git', ['worktree', 'remove', '--force', folder])
  }
  run('git', ['worktree', 'add', '--quiet', '--detach', folder, hash])
  try {
    run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], folder)
    run('npm', ['run', '--silent', 'build'], folder)
    const cli = join(folder, 'build/src/cli.js')
    if (!existsSync(cli)) throw new Error(`The build of ${hash} made no build/src/cli.js: it cannot be compared.`)
    return { commit: hash.slice(0, 9), cli, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
