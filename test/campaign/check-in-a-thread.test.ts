import t from 'tap'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { checkApart } from '../../src/campaign/definition/check-apart.ts'

const hour = 3_600_000
const start = Date.parse('2027-01-01T00:00:00Z')
const iso = (ms: number) => new Date(ms).toISOString()

/** A definition with so many sessions in ten sales. */
function definition(sessions: number): Record<string, unknown> {
  const activities = Array.from({ length: 10 }, (_sale, sale) => ({
    id: `sale-${sale}`,
    kind: 'sale',
    title: 'Sale',
    price: 100,
    currency: 'CNY',
    sessions: Array.from({ length: sessions / 10 }, (_session, index) => ({
      id: `s-${index}`,
      opensAt: iso(start + index * hour),
      closesAt: iso(start + index * hour + hour / 2),
      stock: 10
    }))
  }))
  const campaign = { id: 'big', title: 'Big', timezone: 'Asia/Shanghai', activities }
  return { ...campaign, opensAt: iso(start), closesAt: iso(start + 30 * 24 * hour) }
}

t.test('a large definition is checked by a thread of its own, with the same result', async (t) => {
  const wrong = { ...definition(1000), timezone: 'Nowhere', more: true }
  for (const input of [definition(1000), wrong]) {
    const copy = structuredClone(input)
    await Promise.all([checkApart(input), checkApart(structuredClone(input))])
    const known = checkDefinition(input)
    t.equal(checkDefinition(input), known, 'it is known by now and not checked here')
    t.same(known, checkDefinition(copy))
  }
})

t.test('a small definition is checked by the thread that asks', async (t) => {
  const input = definition(20)
  await checkApart(input)
  t.not(checkDefinition(input), checkDefinition(input), 'each asking checks it')
  for (const none of [null, undefined, 'text', 7]) await checkApart(none)
})
