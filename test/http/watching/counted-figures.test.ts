import t from 'tap'
import type { CampaignReport } from '../../../src/export/report/report.ts'
import { CountedFigures } from '../../../src/http/watching/counted-figures.ts'

const figure = (id: string, of: string | null, value: number) => ({
  id,
  of,
  unit: null,
  value,
  exact: true,
  note: null
})
const REPORT = {
  madeAt: '2026-11-11T00:00:00.000Z',
  figures: [
    figure('sales.orders', null, 7),
    figure('sales.daily', '2026-11-11', 7),
    figure('shares.all', 'channel:wechat', 3),
    figure('shares.all', 'comment:0-1-7', 3)
  ]
} as unknown as CampaignReport

/** Counts that take as long as the test says, by a clock that it moves. */
function slowCounts() {
  let now = 1_000_000
  const asked: string[] = []
  const ends: Array<() => void> = []
  const read = (campaign: string) => {
    asked.push(campaign)
    return new Promise<CampaignReport>((resolve, reject) => {
      ends.push(() => (campaign === 'gone' ? reject(new Error('archived')) : resolve(REPORT)))
    })
  }
  const errors: unknown[] = []
  const counted = new CountedFigures(
    read,
    (error) => errors.push(error),
    () => now
  )
  return {
    errors,
    counted,
    asked,
    /** ends the count that is under way, which took so long */
    async end(tookMs: number) {
      now += tookMs
      ends.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    },
    pass(ms: number) {
      now += ms
    }
  }
}

t.test('what is quick to count is counted every ten seconds, and of it what operators look at', async (t) => {
  const { counted, asked, end, pass } = slowCounts()
  t.equal(counted.of('launch'), null)
  counted.refresh(['launch'])
  counted.refresh(['launch'])
  t.same(asked, ['launch'], 'one count at a time')
  await end(5)
  t.same(
    counted.of('launch')?.figures.map(({ id, of, value }) => [id, of, value]),
    [
      ['sales.orders', null, 7],
      ['shares.all', 'channel:wechat', 3]
    ]
  )
  pass(9999)
  counted.refresh(['launch'])
  t.equal(asked.length, 1)
  pass(1)
  counted.refresh(['launch'])
  t.equal(asked.length, 2)
})

t.test('a count that takes long comes again so late that it has a twentieth of the time', async (t) => {
  const { counted, asked, end, pass } = slowCounts()
  counted.refresh(['launch'])
  await end(3000)
  pass(59_999)
  counted.refresh(['launch'])
  t.equal(asked.length, 1)
  pass(1)
  counted.refresh(['launch'])
  t.equal(asked.length, 2)
})

t.test('campaigns take turns, and what nobody watches is forgotten', async (t) => {
  const { counted, asked, end, pass } = slowCounts()
  for (let turn = 0; turn < 4; turn += 1) {
    counted.refresh(['one', 'two'])
    await end(1)
    pass(5000)
  }
  t.same(asked, ['one', 'two', 'one', 'two'])
  counted.refresh(['two'])
  t.equal(counted.of('one'), null)
  t.not(counted.of('two'), null)
})

t.test('what cannot be counted keeps its last figures, and is tried again', async (t) => {
  const { counted, asked, end, pass, errors } = slowCounts()
  counted.refresh(['gone'])
  await end(1)
  t.equal(counted.of('gone'), null)
  t.match(errors, [{ message: 'archived' }], 'and whoever reads the log is told')
  counted.refresh(['gone'])
  t.equal(asked.length, 1)
  pass(10_000)
  counted.refresh(['gone'])
  t.equal(asked.length, 2)
})
