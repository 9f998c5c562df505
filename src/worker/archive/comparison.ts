import { createHash, type Hash } from 'node:crypto'
import type { Pool } from 'pg'
import { archiveLines } from '../../export/archive.ts'
import { compareCheckpoint } from '../../recovery/compare/compare-checkpoint.ts'
import { type ArchiveRow, noteCompared } from '../../store/campaigns/archives.ts'

interface Compared {
  readonly pool: Pool
  readonly shard: number
  readonly namespace: string
}

/** What a step of the comparison came to; `behind`: the checkpoint has to come nearer first. */
type Found = { readonly is: 'alike' | 'behind' | 'under way' } | { readonly is: 'other'; readonly reason: string }

/** Differences that a reason names. */
const NAMED = 3

/** The file of an archive as far as it was written once more. */
interface FileText {
  readonly lines: AsyncGenerator<string>
  readonly hash: Hash
}

/**
 * What is compared before anything leaves, in steps: the text of the file with the one that somebody holds, once for all shards, and then the checkpoint
 * of this shard with what Postgres summed. It is of one archive at a time; another one, or the same asked for again, and a worker that died begin anew.
 */
export class Comparison {
  readonly #parts: Compared
  #of = ''
  #file: FileText | undefined
  #pages: ReturnType<typeof compareCheckpoint> | undefined

  constructor(parts: Compared) {
    this.#parts = parts
  }

  #begin(): void {
    this.#file = undefined
    this.#pages = undefined
  }

  /** @param budgetMs after which no further page is begun */
  async step(archive: ArchiveRow, budgetMs: number): Promise<Found> {
    const end = performance.now() + budgetMs
    const of = `${archive.requestedAt.getTime()} ${archive.campaign}`
    if (of !== this.#of) this.#begin()
    this.#of = of
    let found: Found
    do {
      found = await (archive.comparedAt === null ? this.#line(archive) : this.#page())
    } while (found.is === 'under way' && this.#isBegun && performance.now() < end)
    if (found.is !== 'under way') this.#begin()
    return found
  }

  get #isBegun(): boolean {
    return this.#file !== undefined || this.#pages !== undefined
  }

  async #line(archive: ArchiveRow): Promise<Found> {
    const { pool, namespace } = this.#parts
    const { campaign, sha256 } = archive
    this.#file ??= { lines: archiveLines(pool, { namespace, campaign }), hash: createHash('sha256') }
    const { lines, hash } = this.#file
    const next = await lines.next()
    if (!next.done) {
      hash.update(next.value).update('\n')
      return { is: 'under way' }
    }
    this.#begin()
    const text = hash.digest('hex')
    if (text === sha256) {
      await noteCompared(pool, archive)
      return { is: 'under way' }
    }
    const reason = `The file would have the sha256 ${text} now, not ${sha256}: get it again, and ask with its sha256.`
    return { is: 'other', reason }
  }

  async #page(): Promise<Found> {
    const { pool, shard } = this.#parts
    this.#pages ??= compareCheckpoint({ pool, shard })
    const { value: found, done } = await this.#pages.next()
    if (done) return { is: 'alike' }
    if (found === 'behind') return { is: 'behind' }
    if (found.length === 0) return { is: 'under way' }
    return { is: 'other', reason: `The checkpoint of shard ${shard} differs: ${found.slice(0, NAMED).join('; ')}` }
  }
}
