import t from 'tap'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { demos } from '../../src/stack/demo/demos.ts'

t.test('each demo campaign is a definition without an error, at any time of the year', async (t) => {
  const start = Date.UTC(2026, 0, 1, 3, 17)
  for (const { name, define, pool } of demos) {
    for (let week = 0; week < 53; week++) {
      const checked = checkDefinition(define(`${name}-2`, start + week * 7 * 86_400_000))
      if (!checked.ok) t.same(checked.errors, [], name)
    }
    const checked = checkDefinition(define(name, start))
    t.ok(checked.ok && checked.rules.id === name)
    t.equal(new Set(pool?.codes).size, pool?.codes.length ?? 0, 'no code stands there twice')
  }
})
