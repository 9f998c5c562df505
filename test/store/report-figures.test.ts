import type pg from 'pg'
import t from 'tap'
import { countFigures } from '../../src/store/reading/report-figures.ts'

t.test('the client waits for the statements of a report as long as Postgres may work on them', async (t) => {
  const asked: Array<string | { readonly text: string; readonly query_timeout: number }> = []
  const client = {
    async query(query: (typeof asked)[number]) {
      asked.push(query)
      return { rows: [] }
    },
    release() {}
  }
  const pool = { connect: async () => client } as unknown as pg.Pool
  await countFigures(pool, { id: 'night', timezone: 'Asia/Shanghai', opensAt: 0, keys: 'u:%' })
  const settings = asked.find((query) => typeof query === 'string' && query.includes('statement_timeout'))
  const [, ms] = /statement_timeout = (\d+)/.exec(String(settings)) ?? []
  const statements = asked.filter((query) => typeof query !== 'string')
  t.ok(statements.length > 0)
  for (const { text, query_timeout } of statements) t.equal(query_timeout, Number(ms), text.slice(0, 40))
  t.ok(asked.indexOf(settings ?? '') < asked.indexOf(statements[0] ?? ''), 'before the first of them')
})
