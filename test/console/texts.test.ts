import fc from 'fast-check'
import t from 'tap'
import { diffOf, shortened } from '../../src/console/browser/diff.ts'
import { lineAt, linesOf } from '../../src/console/browser/json-place.ts'

const step = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** Every value of a document by its pointer. */
function valuesOf(value: unknown, pointer = ''): Array<[pointer: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) return [[pointer, value]]
  const members = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [[pointer, value], ...members.flatMap(([name, one]) => valuesOf(one, `${pointer}/${step(String(name))}`))]
}

t.test('each value is found at the line at which it begins, however the text is laid out', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, 2, '\n'), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      const lines = linesOf(text)
      return valuesOf(JSON.parse(text)).every(([pointer, one]) => {
        const line = text.split('\n')[(lines.get(pointer) ?? 0) - 1] ?? ''
        const begins = typeof one === 'object' && one !== null ? (Array.isArray(one) ? '[' : '{') : JSON.stringify(one)
        return line.includes(begins)
      })
    })
  )
})

t.test('what is missing is shown where it would stand', async (t) => {
  const lines = linesOf('{\n  "activities": [\n    {\n      "id": "a"\n    }\n  ]\n}')
  t.equal(lineAt(lines, '/activities/0/price'), 3)
  t.equal(lineAt(lines, '/activities/0/id'), 4)
  t.equal(lineAt(lines, '/elsewhere'), 1)
})

const texts = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'))

t.test('without what is new a comparison is the text before, without what has gone the text after', async () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const lines = diffOf(before, after)
      const without = (kind: string) =>
        lines
          .filter((line) => line.kind !== kind)
          .map(({ text }) => text)
          .join('\n')
      return without('new') === before && without('gone') === after
    })
  )
})

t.test('nothing that changed is left out, and what is the same for long is', async (t) => {
  const many = Array.from({ length: 40 }, (_, line) => `line ${line}`)
  const changed = many.with(20, 'another')
  const shown = shortened(diffOf(many.join('\n'), changed.join('\n')), 2)
  t.same(
    shown.map((line) => (line === 'left out' ? '…' : line.text)),
    ['…', 'line 18', 'line 19', 'line 20', 'another', 'line 21', 'line 22', '…']
  )
  t.same(shortened(diffOf('a', 'a'), 2), ['left out'])
})
