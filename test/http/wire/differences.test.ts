import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { test } from 'tap'
import { type Difference, differencesOf } from '../../../src/base/differences.ts'

const activity = (id: string, more: object = {}) => ({ id, kind: 'sale', ...more })

test('a member of a list is found by its id, whatever was put before it or taken away', (t) => {
  const before = { title: 'A', activities: [activity('phone', { price: 1 }), activity('watch')] }
  const after = { title: 'A', activities: [activity('band'), activity('phone', { price: 2 })], notes: null }
  t.same(differencesOf(before, after), [
    { pointer: '/activities/0', after: activity('band') },
    { pointer: '/activities/1/price', before: 1, after: 2 },
    { pointer: '/activities/1', before: activity('watch') },
    { pointer: '/notes', after: null }
  ])
  t.end()
})

test('members that changed places, and such as have no id of their own, are compared by their places', (t) => {
  t.same(differencesOf([{ id: 'a' }, { id: 'b' }], [{ id: 'b' }, { id: 'a' }]), [
    { pointer: '/0/id', before: 'a', after: 'b' },
    { pointer: '/1/id', before: 'b', after: 'a' }
  ])
  t.same(differencesOf({ 'a/~b': [1, 2] }, { 'a/~b': [1] }), [{ pointer: '/a~1~0b/1', before: 2 }])
  t.same(differencesOf([{ id: 'a' }, { id: 'a' }], [{ id: 'a' }]), [{ pointer: '/1', before: { id: 'a' } }])
  t.end()
})

const id = fc.constantFrom('a', 'b', 'c')
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, 0, 1, 'x', true),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.record({ id, of: tie('value') }), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('k', 'l/m', '~'), tie('value'), { maxKeys: 3, noNullPrototype: true })
  )
})).value

/** What a document holds at a pointer. */
const at = (document: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (value, name) => (value as Record<string, unknown>)[name.replaceAll('~1', '/').replaceAll('~0', '~')],
      document
    )

test('documents differ nowhere only where they are the same, and each difference is what the later one holds', (t) => {
  const property = fc.property(json, json, (before, after) => {
    const found: Difference[] = differencesOf(before, after)
    if ((found.length === 0) !== isDeepStrictEqual(before, after)) return false
    return found.every(
      (one) => !('after' in one) || JSON.stringify(at(after, one.pointer)) === JSON.stringify(one.after)
    )
  })
  fc.assert(property, { numRuns: 2000 })
  t.end()
})
