import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { FloodgateError } from '../base/errors.ts'

const Id = Type.String({ pattern: '^\\d+-\\d+-\\d+$' })
const Moment = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' })
const Hash = Type.String({ pattern: '^[\\da-f]{64}$' })
const closed = { additionalProperties: false }

export const JOURNAL_FORMAT = 'floodgate-journal-2'

/** A stretch in which decisions of an archived campaign are missing. */
const LeftSchema = Type.Object(
  {
    campaign: Type.String(),
    /** of the archive that holds them; null for those that took the campaign out, which nothing keeps */
    sha256: Type.Union([Hash, Type.Null()]),
    from: Id,
    through: Id,
    decisions: Type.Integer({ minimum: 0 })
  },
  closed
)

/** First line of an exported journal; an archive has one for each shard, before its decisions. */
const HeaderSchema = Type.Object({
  // journals of the format before lack `hash` and `dels`
  format: Type.Union([Type.Literal('floodgate-journal-1'), Type.Literal(JOURNAL_FORMAT)]),
  namespace: Type.String(),
  shard: Type.Integer({ minimum: 0 }),
  /** absent in an archive, whose text is the same whenever it is written */
  exportedAt: Type.Optional(Moment),
  /** of other campaigns only places and account balances are in the file; '' when it holds all of them */
  campaign: Type.String(),
  /** first decision of the file, where somebody asked for one; null: nothing that matters is before it */
  from: Type.Union([Id, Type.Null()]),
  /** first decision of the campaign, where the file does not begin with the journal: what users had before it follows */
  begins: Type.Optional(Id),
  /** last decision of the file; null when there is none */
  through: Type.Union([Id, Type.Null()]),
  /** archived campaigns whose decisions are not in the file, though they were made between those that are */
  left: Type.Optional(Type.Array(LeftSchema)),
  /** the epoch that was open then: what is missing in it may come yet */
  openEpoch: Type.Union([Type.Integer(), Type.Null()]),
  /** users are pseudonyms and keys are left out: nobody can compute spins from it */
  masked: Type.Boolean(),
  /** commitment = SHA-256 of the seed; the seed stands here once its draw is over */
  draws: Type.Array(
    Type.Object({ campaign: Type.String(), draw: Type.String(), commitment: Hash, seed: Type.Optional(Hash) }, closed)
  )
})

const Numbers = Type.Record(Type.String(), Type.Record(Type.String(), Type.Integer()))
const Texts = Type.Record(Type.String(), Type.Record(Type.String(), Type.String()))

/** A decision, one a line. */
const LineSchema = Type.Object(
  {
    id: Id,
    epoch: Type.Integer({ minimum: 1 }),
    sequence: Type.Integer({ minimum: 1 }),
    batch: Type.Integer({ minimum: 1 }),
    at: Moment,
    /** entity.verb; `other` for a decision of a campaign that the file is not about */
    type: Type.String({ minLength: 1 }),
    user: Type.String(),
    key: Type.String(),
    /** of the request */
    hash: Type.Optional(Type.String()),
    campaign: Type.String(),
    activity: Type.String(),
    session: Type.String(),
    /** `<epoch>-<sequence>` of the order or win that it is about, '' where it is about none */
    entity: Type.String(),
    request: Type.Unknown(),
    /** what sums: deltas by scope (c, a, s, u of this decision, or a key), then by field */
    adds: Numbers,
    /** what does not sum */
    puts: Texts,
    /** what it removed: fields by key, none for a whole hash */
    dels: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
    report: Type.String(),
    /** the order or win right after it */
    record: Type.String()
  },
  closed
)

/** What a user had on the account before the first decision of the file, by field; after the header, in the order of users. */
const BalancesSchema = Type.Object({ user: Type.String(), before: Type.Record(Type.String(), Type.Integer()) }, closed)

export type JournalHeader = Static<typeof HeaderSchema>
export type LeftDecisions = Static<typeof LeftSchema>
export type JournalBalances = Static<typeof BalancesSchema>
export type JournalLine = Static<typeof LineSchema>

/** The text is no line of an exported journal. */
export class LineError extends FloodgateError {
  readonly code = 'journal-line'
  readonly meaning = 'The file is not what was exported.'
  readonly remedy = 'Export the journal again.'
}

function reader<S extends TSchema>(schema: S, what: string): (text: string) => Static<S> {
  const validator = Compile(schema)
  return (text) => {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new LineError(`not JSON: ${text.slice(0, 80)}`)
    }
    if (validator.Check(value)) return value
    const [first] = validator.Errors(value)
    throw new LineError(`not ${what}: ${first?.instancePath ?? ''} ${first?.message ?? ''}`)
  }
}

/** @throws LineError */
export const readHeader = reader(HeaderSchema, 'the header of an exported journal')

/** Whether a line is a header, of the first shard or a later one. */
export function isHeader(line: string): boolean {
  return line.startsWith('{"format":')
}

/** Whether a line tells what a user had before. */
export function isBalances(line: string): boolean {
  return line.startsWith('{"user":')
}

/** @throws LineError */
export const readBalances = reader(BalancesSchema, 'the balances of a user')

/** @throws LineError */
export const readLine = reader(LineSchema, 'a decision of an exported journal')
