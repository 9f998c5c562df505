// Imported before everything else: without this check an older Node fails during the start with an error that names a library.

/** The oldest Node that Floodgate runs on; package.json says the same. */
export const oldestNode = [20, 19] as const

/** The error for a version of Node that is too old, such as 18.20.8; undefined when it is new enough. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return undefined
  return `Floodgate needs Node ${oldestNode.join('.')} or newer; this is Node ${version}.`
}

const problem = nodeProblem(process.versions.node)
if (problem !== undefined) {
  process.stderr.write(
    `${problem}\n  Nothing was started.\n  Install a newer Node (nodejs.org has them) and repeat it.\n`
  )
  process.exit(1)
}
