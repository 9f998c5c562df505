import { createReadStream } from 'node:fs'
import type { Queryable } from '../store/connection/transaction.ts'
import { isBefore } from '../store/projection/forgetting.ts'
import { type JournalPlace, type JournalRow, readJournal } from '../store/reading/journal-export.ts'
import { isEnd } from '../verify/journal-end.ts'
import { isBalances, isHeader, readHeader, readLine } from '../verify/journal-line.ts'
import { fileLines } from './file-lines.ts'
import { rowOf } from './lines.ts'

/** An archive whose decisions count as if they were rows. */
export interface GivenArchive {
  readonly path: string
  readonly campaign: string
  readonly sha256: string
}

/** The lines of one shard in an archive, without headers and the end. */
export async function* shardLinesOf(path: string, shard: number): AsyncGenerator<string> {
  let isOfShard = false
  for await (const lines of fileLines(createReadStream(path), path)) {
    for (const line of lines) {
      if (isHeader(line)) isOfShard = readHeader(line).shard === shard
      else if (isOfShard && !isEnd(line)) yield line
    }
  }
}

/** The decisions of the archived campaign itself. */
export async function* ownRows(path: string, shard: number): AsyncGenerator<JournalRow> {
  for await (const line of shardLinesOf(path, shard)) {
    if (isBalances(line)) continue
    const row = rowOf(readLine(line))
    if (row.mine) yield row
  }
}

const PAGE = 2000

/** Several sources of rows, each in the order of the journal, as one. */
export class Heads {
  readonly #heads: Array<{ row: JournalRow; readonly rest: AsyncGenerator<JournalRow> }> = []

  async add(rest: AsyncGenerator<JournalRow>): Promise<void> {
    const { value, done } = await rest.next()
    if (done !== true) this.#heads.push({ row: value, rest })
  }

  /** The next of all rows; undefined at the end, or where it is not before a place. */
  async take(before: JournalPlace | undefined): Promise<JournalRow | undefined> {
    const [first, ...others] = this.#heads
    if (first === undefined) return undefined
    const head = others.reduce((least, one) => (isBefore(one.row, least.row) ? one : least), first)
    const { row } = head
    if (before !== undefined && !isBefore(row, before)) return undefined
    const { value, done } = await head.rest.next()
    if (done === true) this.#heads.splice(this.#heads.indexOf(head), 1)
    else head.row = value
    return row
  }

  /** Takes what Postgres has too. */
  async drop(place: JournalPlace): Promise<void> {
    for (const head of [...this.#heads]) {
      if (head.row.epoch !== place.epoch || head.row.sequence !== place.sequence) continue
      const { value, done } = await head.rest.next()
      if (done === true) this.#heads.splice(this.#heads.indexOf(head), 1)
      else head.row = value
    }
  }
}

/**
 * The journal of a shard as Postgres has it, with what archives hold of it, in its order and page by page.
 * @param paths archives that were read whole
 */
export async function* mergedJournal(
  db: Queryable,
  range: Parameters<typeof readJournal>[1],
  paths: readonly string[]
): AsyncGenerator<JournalRow[]> {
  const { shard, from, through, campaign } = range
  const heads = new Heads()
  for (const path of paths) await heads.add(ownRows(path, shard))
  async function* filedBefore(place: JournalPlace | undefined): AsyncGenerator<JournalRow> {
    for (let row = await heads.take(place); row !== undefined; row = await heads.take(place)) {
      const isOutside = (from !== undefined && isBefore(row, from)) || isBefore(through, row)
      if (!isOutside) yield { ...row, mine: campaign === '' || row.campaign === campaign }
    }
  }
  let page: JournalRow[] = []
  for await (const stored of readJournal(db, range)) {
    for (const row of stored) {
      for await (const filed of filedBefore(row)) {
        if (page.push(filed) < PAGE) continue
        yield page
        page = []
      }
      await heads.drop(row)
      page.push(row)
    }
    yield page
    page = []
  }
  for await (const filed of filedBefore(undefined)) {
    if (page.push(filed) < PAGE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
