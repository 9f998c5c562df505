/** What a run of test files came to. */
export interface TapSummary {
  readonly passed: number
  readonly failed: number
  /** titles of what failed */
  readonly failures: readonly string[]
}

const point = /^( {4})?(not )?ok \d+(?: - ([^#{]*))?(.*)$/

/**
 * Counts the tests of a TAP text of tap: files stand at its first level, their tests at the second. A file that fails
 * without a failed test (it crashed, or timed out) counts as one failure; a run that was bailed out of as well.
 * Tests skipped or marked as still to do count neither way.
 */
export function summarizeTap(text: string): TapSummary {
  let passed = 0
  const failures: string[] = []
  let failedInFile = 0
  for (const line of text.split('\n')) {
    if (line.startsWith('Bail out!')) failures.push(line)
    const match = point.exec(line)
    if (match === null) continue
    const [, indent, not, title = '', rest = ''] = match
    const failed = not !== undefined && !/#\s*(TODO|SKIP)/i.test(rest)
    if (indent === undefined) {
      if (failed && failedInFile === 0) failures.push(title.trim())
      failedInFile = 0
    } else if (failed) {
      failedInFile++
      failures.push(title.trim())
    } else if (not === undefined && !/#\s*(TODO|SKIP)/i.test(rest)) {
      passed++
    }
  }
  return { passed, failed: failures.length, failures }
}
