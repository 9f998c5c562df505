import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { fileLines, readWhole } from '../../src/export/file-lines.ts'
import { JournalEnd } from '../../src/verify/journal-end.ts'
import { JOURNAL_FORMAT } from '../../src/verify/journal-line.ts'

const header = {
  format: JOURNAL_FORMAT,
  namespace: 'n',
  shard: 0,
  campaign: 'c',
  from: null,
  through: '0-1-60',
  openEpoch: null,
  masked: false,
  draws: []
}

const lines = [header, ...Array.from({ length: 60 }, (_, at) => ({ id: `0-1-${at + 1}`, user: 'Zoë', record: '✓' }))]

function fileOf(texts: readonly string[]): Buffer {
  const end = new JournalEnd()
  for (const text of texts) end.add(text)
  return Buffer.from(`${[...texts, end.text()].join('\n')}\n`)
}

const texts = lines.map((line) => JSON.stringify(line))
const file = fileOf(texts)

/** A stream in chunks that end anywhere, in the middle of a character too. */
const inChunks = (bytes: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
  )

async function read(bytes: Buffer, size = 1000) {
  const taken: string[] = []
  const end = await readWhole(fileLines(inChunks(bytes, size), 'a.gz'), 'a.gz', (line) => taken.push(line))
  return { ...end, taken }
}

t.test('a file is read as it was written, packed or not, however it comes', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 5000 }), fc.boolean(), async (size, isPacked) => {
      const { taken, count, header: first } = await read(isPacked ? gzipSync(file) : file, size)
      t.same(taken, texts)
      t.equal(count, 60)
      t.equal(first.campaign, 'c')
    }),
    { numRuns: 40 }
  )
})

const damage = { code: 'command-failed', remedy: /another copy/ }

t.test('a damaged file is refused, with what it means and what to do', async (t) => {
  const packed = gzipSync(file)
  await t.rejects(read(packed.subarray(0, packed.length - 20)), { ...damage, message: /a\.gz is damaged.*unpacked/ })
  await t.rejects(read(file.subarray(0, file.lastIndexOf('{"count"'))), { ...damage, message: /cut off/ })
  await t.rejects(read(file.subarray(0, 700)), { ...damage, message: /cut off/ })
  await t.rejects(read(Buffer.concat([file, Buffer.from('{}\n')])), { ...damage, message: /behind its last line/ })
  const without = Buffer.from(file.toString().replace(`${texts[7]}\n`, ''))
  await t.rejects(read(without), { ...damage, message: /"count":59.*"count":60/ })
  const swapped = file.toString().replace(`${texts[7]}\n${texts[8]}`, `${texts[8]}\n${texts[7]}`)
  await t.rejects(read(Buffer.from(swapped)), damage)
  await t.rejects(read(Buffer.from('')), { code: 'command-failed', message: /empty/ })
  await t.rejects(read(Buffer.from('hello\n')), { code: 'command-failed', message: /no journal/ })
})

t.test('no byte of a file can be changed without being seen', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 2), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(file)
      changed[at] = (changed[at] ?? 0) ^ by
      await t.rejects(read(changed), { code: 'command-failed' })
    }),
    { numRuns: 300 }
  )
})
