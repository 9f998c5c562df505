import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { ProblemError } from '../../../src/http/problems/problems.ts'
import { codeComplaint, codeHeaders } from '../../../src/http/wire/code-lines.ts'
import { csvLines } from '../../../src/http/wire/csv-lines.ts'
import { insertImports } from '../../../src/store/campaigns/imports.ts'
import { freshDatabase } from '../../support/servers/database.ts'
import { sharedServers } from '../../support/servers/servers.ts'

interface Read {
  readonly codes: string[]
  readonly rejected: Array<[line: number, detail: string]>
}

/** A file of codes as the route takes it. */
async function codesOf(...chunks: Array<string | Buffer>): Promise<Read> {
  const found: Read = { codes: [], rejected: [] }
  const reject = (line: number, detail: string) => void found.rejected.push([line, detail])
  const source = Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  for await (const { line, fields, header } of csvLines(source, { names: ['code'], aliases: codeHeaders, reject })) {
    const wrong = codeComplaint(fields.code, line === 1 && !header)
    if (wrong === undefined) found.codes.push(fields.code)
    else reject(line, wrong)
  }
  return found
}

/** The members of the problem that a whole file is refused with. */
async function refusal(reading: Promise<Read>): Promise<object> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  return error instanceof ProblemError ? error.members : {}
}

t.test('the header line of a codes file is no code, whichever tool wrote it', async (t) => {
  for (const header of [
    'code',
    'voucher_code',
    'Voucher Code',
    '"Coupon-Code"',
    'SERIAL NO.',
    '\ufeffcode',
    '兑换码',
    '卡密'
  ]) {
    t.same(await codesOf(`${header}\r\nA-1\r\nA-2`), { codes: ['A-1', 'A-2'], rejected: [] }, header)
  }
  const strange = await codesOf('my_special_voucher_codes\nA-1')
  t.same(strange.codes, ['A-1'])
  t.match(strange.rejected, [[1, /looks like a header; .* put a first line "code" above it/]])
  t.same(
    (await codesOf('code\nSUPERVOUCHER\nA-1')).codes,
    ['SUPERVOUCHER', 'A-1'],
    'below a header everything is a code'
  )
  t.same((await codesOf('WINTER24CODE\nA-1')).codes, ['WINTER24CODE', 'A-1'], 'a code may be the first line')
  t.match(await refusal(codesOf('code,expires\nA-1,2027')), { errors: [{ pointer: '/1', detail: /expires/ }] })
})

t.test('lines that a spreadsheet changed are refused one by one', async (t) => {
  const latin1 = Buffer.from('GR\xdcN-1\n', 'latin1')
  const { codes, rejected } = await codesOf(
    'code\nA-1\n=HYPERLINK("x")\n+1\n-1\n@sum\n1.23457E+15\nA;1\n"A,2"\n',
    latin1,
    '123E4\nA-9'
  )
  t.same(codes, ['A-1', '123E4', 'A-9'])
  t.same(
    rejected.map(([line]) => line),
    [3, 4, 5, 6, 7, 8, 9, 10]
  )
  t.match(rejected.at(-1)?.[1], /not UTF-8/)
  t.match(await refusal(codesOf(Buffer.from('\ufeffcode\nA-1', 'utf16le'))), { errors: [{ detail: /not UTF-8/ }] })
})

t.test('lines are the same however the stream is split', async () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '券', '1', '-', '😀'), maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(200)), async (lines, cuts) => {
      const bytes = Buffer.from(lines.join('\r\n'))
      const places = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b)
      const chunks = [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
      const read = await codesOf(...chunks)
      const whole = await codesOf(bytes)
      return JSON.stringify(read) === JSON.stringify(whole)
    }),
    { numRuns: 100 }
  )
})

t.test('an import that breaks off is in the audit trail as far as it came', async (t) => {
  const { databaseUrl } = await sharedServers(t)
  const { pool } = await freshDatabase(t, databaseUrl)
  function* lines() {
    for (let index = 0; index < 20_001; index += 1) yield { reference: `r-${index}`, user: 'ivan', amount: 1 }
    throw new Error('the connection broke')
  }
  const load = { unit: 'points', by: 'ada', reason: 'opening balances', lines: lines() }
  await t.rejects(insertImports(pool, load), { message: /broke/ })
  const { rows } = await pool.query('select operator, action, target, reason, after from audit')
  const after = { accepted: 20_000, duplicates: 0, differing: 0, from: 'r-0', to: 'r-19999' }
  t.same(rows, [{ operator: 'ada', action: 'unit.imported', target: 'unit:points', reason: 'opening balances', after }])
  const stored = await pool.query<{ count: number }>('select count(*)::int as count from imports')
  t.equal(stored.rows[0]?.count, 20_000)
  await t.rejects(
    insertImports(pool, { ...load, reason: 'a\u0000b', lines: [{ reference: 'z', user: 'u', amount: 1 }] })
  )
  const again = await pool.query<{ count: number }>('select count(*)::int as count from imports')
  t.equal(again.rows[0]?.count, 20_000, 'what cannot be audited is not done')
})
