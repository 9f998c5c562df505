import { test } from 'tap'
import { readFiles, withoutComments } from '../support/source.ts'

/** Lines of src outside of some paths that a pattern finds, comments left out. */
function linesWith(pattern: RegExp, outside: RegExp): string[] {
  return readFiles('src', '.ts')
    .filter(({ path }) => !outside.test(path))
    .flatMap((file) => {
      const lines = withoutComments(file).text.split('\n')
      return lines.flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : []))
    })
}

const RECORD = /^src\/record\//
const NOTHING = /^$/

test('where a fact stands in a report is known to its decoder alone', async (t) => {
  const byPlace = /\breportParts\b|\bfacts(?:\[|\.slice\()|\]\s*=\s*facts\b|\breport\.split\(/
  t.strictSame(linesWith(byPlace, RECORD), [])
  t.ok(linesWith(byPlace, NOTHING).length > 0, 'the pattern finds them in record')
})

test('prefixes of keys and fields are spelled in record alone', async (t) => {
  const prefix = /['"`](?:a|b|c|ch|cx|db|dk|dq|e|eo|ib|ic|ls|n|o|q|s|st|t|u|v|w|wn|x|xp):/
  t.strictSame(linesWith(prefix, RECORD), [])
  t.ok(linesWith(prefix, NOTHING).length > 0, 'the pattern finds them in record')
})

test('what a decision makes or moves is looked up by its type, and not told by its first word', async (t) => {
  t.strictSame(linesWith(/startsWith\('[a-z]+\.'\)/, NOTHING), [])
})
