import { isBefore } from '../store/projection/forgetting.ts'
import type { JournalPlace } from '../store/reading/journal-export.ts'
import { isHeader, type JournalLine, readHeader } from '../verify/journal-line.ts'
import { lineOf } from './lines.ts'
import { Heads, ownRows } from './merged.ts'

/** The place of a decision whose line begins with its id, as all do that this program writes; undefined for other lines. */
function placeOfLine(line: string): JournalPlace | undefined {
  const [, epoch, sequence] = /^\{"id":"\d+-(\d+)-(\d+)"/.exec(line) ?? []
  return epoch === undefined ? undefined : { epoch: Number(epoch), sequence: Number(sequence) }
}

/**
 * The lines of a journal, and between them what archives of other campaigns hold of it and the file lacks.
 * @param paths archives that were read whole
 * @returns texts of the file as they are, and decisions that are not in it
 */
export async function* withArchives(
  lines: AsyncIterable<readonly string[]>,
  paths: readonly string[]
): AsyncGenerator<string | JournalLine> {
  let heads = new Heads()
  let of = { shard: 0, campaign: '' }
  let isFirst = true
  for await (const some of lines) {
    for (const line of some) {
      const place = placeOfLine(line)
      if (isHeader(line)) {
        of = readHeader(line)
        isFirst = true
        heads = new Heads()
        for (const path of paths) await heads.add(ownRows(path, of.shard))
      } else if (place !== undefined) {
        for (let row = await heads.take(place); row !== undefined; row = await heads.take(place))
          // what was decided before the file begins is none of it
          if (!isFirst && isBefore(row, place)) yield lineOf({ ...row, mine: false }, of)
        await heads.drop(place)
        isFirst = false
      }
      yield line
    }
  }
}
