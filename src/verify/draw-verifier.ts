import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import { CommandError } from '../base/errors.ts'
import { reportKindOf } from '../record/decisions.ts'
import { drawRandom } from '../record/draw-random.ts'
import { userField } from '../record/fields.ts'
import { scopeKey } from '../record/keys.ts'
import { clientKeyOf, endedBy } from '../record/replay.ts'
import { Difference, mustBe, mustEqual } from './difference.ts'
import { type DrawReport, Tally } from './draw-report.ts'
import { isEnd, JournalEnd } from './journal-end.ts'
import {
  isBalances,
  isHeader,
  type JournalHeader,
  type JournalLine,
  LineError,
  readBalances,
  readHeader,
  readLine
} from './journal-line.ts'
import { JournalOrder } from './journal-order.ts'
import { checkWhole, notExported } from './not-verifiable.ts'
import { checkEnd, checkSpin } from './spin/check.ts'
import type { CheckedPrize } from './spin/prize.ts'
import { RulesError } from './spin/rules.ts'
import { readSpin, type Spin } from './spin/spin.ts'
import { type DrawPlace, DrawState } from './spin/state.ts'

interface VerifyOptions extends DrawPlace {
  /** 64 hex digits; needed while the file does not reveal the seed */
  readonly seed?: string | undefined
  /** the commitment as it was noted before the draw, 64 hex digits: that of the file must be the same */
  readonly commitment?: string | undefined
  /** go on behind decisions that are missing, as those that were never journaled are; else a broken chain is a difference */
  readonly acceptMissing?: boolean | undefined
}

/** The first decision that is not as it must be. */
export interface FoundDifference {
  /** line of the file, from 1 */
  readonly line: number
  /** the decision's id, '' when the line names none or it is about the seed */
  readonly id: string
  readonly what: string
  readonly expected: string
  readonly found: string
  /** decisions of the same epoch that are missing before it: what they changed is void, and was in force then */
  readonly missing: number
  /** decisions before it that are in archives which are not in the file, by campaign */
  readonly archived: ReadonlyMap<string, number>
  /** the line itself */
  readonly text: string
}

export type Verdict =
  | { readonly ok: true; readonly header: JournalHeader; readonly report: DrawReport }
  | { readonly ok: false; readonly difference: FoundDifference }

/** Recomputes every spin of a draw from an exported journal alone, line by line. */
export class DrawVerifier {
  readonly #options: VerifyOptions
  #state: DrawState
  readonly #tally = new Tally()
  readonly #known = new Set<string>()
  #header: JournalHeader | undefined
  /** of the shards before this one */
  readonly #orders: JournalOrder[] = []
  #order = new JournalOrder({ shard: 0 })
  #seed: KeyObject | undefined
  #lines = 0
  #last = ''
  readonly #end = new JournalEnd()
  #ended = false
  /** where the last spin stood, to tell whether anything is missing since */
  #lastSpin = { epoch: 0, missing: 0 }
  #difference: FoundDifference | undefined

  constructor(options: VerifyOptions) {
    this.#options = options
    this.#state = new DrawState(options)
  }

  /**
   * Takes the next line; the first one is the header.
   * @returns whether to go on: not after a difference
   * @throws CommandError
   */
  add(text: string): boolean {
    if (this.#difference) return false
    this.#lines += 1
    let id = ''
    try {
      if (this.#header === undefined) this.#open(text)
      else {
        if (this.#ended) throw new Difference('the line', 'nothing after the end of the journal', text.slice(0, 80))
        if (isEnd(text)) this.#close(text)
        else if (isHeader(text)) this.#nextShard(text)
        else if (isBalances(text)) this.#state.hold(readBalances(text))
        else {
          const line = readLine(text)
          id = line.id
          this.#take(line)
        }
      }
      this.#end.add(text)
    } catch (error) {
      this.#difference = this.#told(error, id, text)
    }
    return this.#difference === undefined
  }

  /** Takes a decision of another campaign that the file lacks, from the archive that holds it. @returns as `add` */
  addOther(line: JournalLine): boolean {
    if (this.#difference) return false
    try {
      this.#take(line)
    } catch (error) {
      this.#difference = this.#told(error, line.id, JSON.stringify(line))
    }
    return this.#difference === undefined
  }

  /** The verdict, after the last line. @throws CommandError when lines are missing at the end */
  finish(): Verdict {
    if (this.#difference) return { ok: false, difference: this.#difference }
    const header = this.#header
    if (header === undefined) throw notExported('The file is empty.')
    if (!this.#ended) {
      throw new CommandError(
        `The file is cut off: it ends with decision ${this.#last || '(none)'}, and not with its count.`,
        'What is there is as it must be, the rest is not known.',
        'Export the journal again.'
      )
    }
    return { ok: true, header, report: this.#tally.report([...this.#orders, this.#order]) }
  }

  #told(error: unknown, id: string, text: string): FoundDifference {
    const { missing, archivedOf } = this.#order
    const place = { line: this.#lines, id, text, missing, archived: archivedOf }
    if (error instanceof Difference) {
      return { ...place, what: error.message, expected: error.expected, found: error.found }
    }
    if (error instanceof RulesError) {
      return {
        ...place,
        what: 'the rules in force',
        expected: 'rules of a draw, journaled before',
        found: error.message
      }
    }
    if (!(error instanceof LineError)) throw error
    if (this.#header === undefined) throw notExported(error.message)
    return { ...place, what: 'the line', expected: 'a decision of the journal', found: error.message }
  }

  #open(text: string): void {
    const header = readHeader(text)
    const { campaign, draw, commitment } = this.#options
    const entry = header.draws.find((known) => known.campaign === campaign && known.draw === draw)
    if (entry === undefined) {
      throw new CommandError(
        `The file knows no draw ${campaign}/${draw}.`,
        `It names ${header.draws.map((known) => `${known.campaign}/${known.draw}`).join(', ') || 'none'}.`,
        'Check --campaign and --draw, or export the journal of that campaign.'
      )
    }
    checkWhole(header)
    const seed = this.#options.seed ?? entry.seed
    if (seed === undefined) {
      throw new CommandError(
        'The seed of this draw is not known.',
        `It is secret until the draw is over; the file is ${header.exportedAt === undefined ? 'an archive' : `of ${header.exportedAt}`}.`,
        'Export the journal again after the draw, or give the seed with --seed.'
      )
    }
    if (commitment !== undefined) mustEqual('the commitment', commitment, entry.commitment)
    const bytes = Buffer.from(seed, 'hex')
    mustEqual('the SHA-256 of the seed', entry.commitment, createHash('sha256').update(bytes).digest('hex'))
    this.#seed = createSecretKey(bytes)
    this.#header = header
    this.#order = new JournalOrder(header)
  }

  /** An archive goes on with the next shard: its numbers are a chain of their own, and the seed is the draw's. */
  #nextShard(text: string): void {
    mustEqual('the last decision of the shard', this.#header?.through ?? '', this.#last)
    const header = readHeader(text)
    mustBe(header.shard > this.#order.shard, 'the shard', {
      expected: `one after ${this.#order.shard}`,
      found: header.shard
    })
    this.#orders.push(this.#order)
    this.#header = header
    this.#order = new JournalOrder(header)
    this.#state = new DrawState(this.#options)
    this.#last = ''
    this.#lastSpin = { epoch: 0, missing: 0 }
  }

  /** The end that the lines before it have. @throws Difference when it is another: a line was taken out or put in */
  #close(text: string): void {
    mustEqual('the last decision', this.#header?.through ?? '', this.#last)
    mustEqual('the count and SHA-256 of all lines', this.#end.text(), text)
    this.#ended = true
  }

  #take(line: JournalLine): void {
    if (this.#order.advance(line)) this.#state.begin()
    const { campaign, draw } = this.#options
    if (reportKindOf(line.type) === 'spin' && line.campaign === campaign && line.activity === draw) this.#spin(line)
    else this.#other(line)
    this.#state.apply(line)
    this.#last = line.id
  }

  #spin(line: JournalLine): void {
    if (this.#seed === undefined) throw new Error('the header comes first')
    const { campaign, draw } = this.#options
    const { missing, archived } = this.#order
    const spin = readSpin(line, { state: this.#state, draw: { campaign, draw }, missing: missing + archived })
    const checked = spin.ends === undefined ? this.#rolled(spin, this.#seed) : checkEnd(spin, spin.ends)
    if (spin.ends !== undefined) this.#tally.end(spin, checked)
    if (line.entity !== '') {
      this.#state.wins.set(line.entity, { user: line.user, prize: checked.prize.id, revoked: false })
    }
  }

  #rolled(spin: Spin, seed: KeyObject): CheckedPrize {
    const { user, key } = spin.line
    const { epoch, missing } = this.#order
    const random = drawRandom(seed, { ...spin.draw, user, key: clientKeyOf(key) ?? '' })
    if (this.#known.has(random)) throw new Difference('the key', 'one that this user has not spun with', key)
    this.#known.add(random)
    const linked = missing === (this.#lastSpin.epoch === epoch ? this.#lastSpin.missing : 0)
    const isKnown = linked || this.#options.acceptMissing !== true
    const checked = checkSpin(spin, { random, previous: isKnown ? this.#state.chain : undefined })
    const first = !spin.user.counts.has(spin.fields.times)
    this.#lastSpin = { epoch, missing }
    this.#tally.spin(spin, checked, { first, linked })
    return checked
  }

  /** A decision that is no spin of this draw must not pretend to be none, and takes back no win twice. */
  #other(line: JournalLine): void {
    const { campaign, draw } = this.#options
    if (reportKindOf(line.type) === 'spin' && endedBy(line.key) === undefined) {
      const counter = userField.times(line.campaign, line.activity)
      mustEqual('the campaign and draw of a spin', 1, line.adds.u?.[counter])
    }
    const stock = this.#state.stock
    for (const [scope, values] of Object.entries(line.puts)) {
      const writes = scopeKey(scope, line) === stock && values.chain !== undefined
      mustBe(!writes, 'the type', { expected: 'a spin, for it writes the number of one', found: line.type })
    }
    if (line.type === 'win.revoked' && line.campaign === campaign && line.activity === draw) this.#revoke(line)
  }

  #revoke(line: JournalLine): void {
    const win = this.#state.wins.get(line.entity)
    mustBe(win !== undefined && !win.revoked && win.user === line.user, 'the win that is revoked', {
      expected: `one of ${line.user} that stands`,
      found: line.entity
    })
    if (win === undefined) return
    const back = Object.keys(line.adds.s ?? {}).filter((field) => !field.startsWith(`${win.prize}:`))
    mustBe(back.length === 0, 'the quota that comes back', { expected: `that of ${win.prize}`, found: back.join() })
    win.revoked = true
    this.#tally.revocation()
  }
}

/** Verifies a whole journal held in memory, header first. @throws CommandError */
export function verifyDraw(lines: Iterable<string>, options: VerifyOptions): Verdict {
  const verifier = new DrawVerifier(options)
  for (const line of lines) if (!verifier.add(line)) break
  return verifier.finish()
}
