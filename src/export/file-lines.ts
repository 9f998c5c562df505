import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { CommandError, messageOf, systemCodeOf } from '../base/errors.ts'
import { isEnd, JournalEnd } from '../verify/journal-end.ts'
import { isHeader, type JournalHeader, LineError, readHeader } from '../verify/journal-line.ts'

const ANOTHER_COPY =
  'Use another copy of it. While its campaign is not archived yet, it can be written again: floodgate archive.'

function damaged(name: string, why: string): CommandError {
  return new CommandError(
    `${name} is damaged: ${why}.`,
    'What was decided cannot be told from it: a line was changed, put in or taken out, or a part of it is missing.',
    ANOTHER_COPY
  )
}

/** The first bytes of what gzip writes. */
const GZIP = Buffer.from([0x1f, 0x8b])

async function* unzipped(input: AsyncIterator<Buffer>, first: Buffer): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  const whole = async function* () {
    yield first
    for (let next = await input.next(); next.done !== true; next = await input.next()) yield next.value
  }
  const filling = pipeline(Readable.from(whole()), gunzip)
  // whoever reads gets its error from the stream that it fills
  filling.catch(() => {})
  yield* gunzip as AsyncIterable<Buffer>
  await filling
}

async function* plain(input: AsyncIterator<Buffer>, first: Buffer): AsyncGenerator<Buffer> {
  yield first
  for (let next = await input.next(); next.done !== true; next = await input.next()) yield next.value
}

/**
 * The lines of each chunk of a file, be it as it is or as gzip packed it. (node:readline loses the errors of its input.)
 * @param name of the file, for errors
 * @throws CommandError when it cannot be unpacked; what the input throws
 */
export async function* fileLines(input: Readable, name: string): AsyncGenerator<string[]> {
  const source = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  try {
    const first = await source.next()
    if (first.done === true) return
    const isPacked = first.value.subarray(0, GZIP.length).equals(GZIP)
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of isPacked ? unzipped(source, first.value) : plain(source, first.value)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      yield lines
    }
    if (rest !== '') yield [rest]
  } catch (error) {
    if (/^Z_/.test(systemCodeOf(error))) throw damaged(name, `it cannot be unpacked (${messageOf(error)})`)
    throw error
  } finally {
    input.destroy()
  }
}

/** What a whole file says about itself. */
export interface FileEnd {
  /** of its first shard */
  readonly header: JournalHeader
  /** lines without headers of the first shard and the end */
  readonly count: number
  /** of all lines before the last one */
  readonly sha256: string
}

/**
 * Reads a file to its end, and compares count and sha256.
 * @param take gets the lines of the file but for the last one, in their order
 * @throws CommandError when it is not whole, or not what was written
 */
export async function readWhole(
  lines: AsyncIterable<readonly string[]>,
  name: string,
  take: (line: string) => void = () => {}
): Promise<FileEnd> {
  const end = new JournalEnd()
  let header: JournalHeader | undefined
  let last: string | undefined
  for await (const some of lines) {
    for (const line of some) {
      if (last !== undefined) throw damaged(name, 'something stands behind its last line')
      header ??= headerOf(line, name)
      if (isEnd(line)) last = line
      else {
        end.add(line)
        take(line)
      }
    }
  }
  if (header === undefined) throw new CommandError(`${name} is empty.`, 'Nothing was written to it.', ANOTHER_COPY)
  if (last === undefined) throw damaged(name, 'it is cut off, for its last line, with count and sha256, is missing')
  if (last !== end.text()) throw damaged(name, `its lines are ${end.text()}, and it was written as ${last}`)
  return { header, ...(JSON.parse(last) as { count: number; sha256: string }) }
}

function headerOf(line: string, name: string): JournalHeader {
  try {
    if (isHeader(line)) return readHeader(line)
  } catch (error) {
    if (!(error instanceof LineError)) throw error
  }
  throw new CommandError(
    `${name} is no journal and no archive: it does not begin with the header of one.`,
    'Nothing in it can be read.',
    'Give a file that floodgate archive or floodgate export journal wrote.'
  )
}
