import type { Entity } from '../../../record/entities.ts'
import type { DrawnSpinRow } from '../../../store/projection/drawn-spins.ts'
import type {
  AnswerRow,
  AssistRow,
  ClaimRow,
  CommentRow,
  DecisionRow,
  FulfilmentRow,
  LikesRow,
  ModeratedRow,
  OrderRow,
  ReservationRow,
  ShareRow,
  WinRow
} from '../../../store/projection/rows.ts'

/** The last state of each: new rows are inserted, those of earlier frames changed. */
class Latest<Row> {
  readonly #made = new Map<string, Row>()
  readonly #changed = new Map<string, Row>()

  set(id: string, row: Row, isNew: boolean): void {
    const rows = isNew || this.#made.has(id) ? this.#made : this.#changed
    rows.set(id, row)
  }

  get made(): Row[] {
    return [...this.#made.values()]
  }

  get changed(): Row[] {
    return [...this.#changed.values()]
  }
}

/** The rows of all kinds that the frames of one transaction make. */
export class KindRows {
  readonly orders = new Latest<OrderRow>()
  readonly wins = new Latest<WinRow>()
  /** by win */
  readonly fulfilments = new Map<string, FulfilmentRow>()
  readonly claims: ClaimRow[] = []
  readonly reservations: ReservationRow[] = []
  readonly shares: ShareRow[] = []
  readonly assists: AssistRow[] = []
  readonly answers: AnswerRow[] = []
  readonly comments: CommentRow[] = []
  readonly spins: { drawn: DrawnSpinRow[]; ended: Array<Pick<DrawnSpinRow, 'epoch' | 'sequence'>> } = {
    drawn: [],
    ended: []
  }
  /** by subject */
  readonly likes = new Map<string, LikesRow>()
  /** by comment */
  readonly moderated = new Map<string, ModeratedRow>()
}

/** A decision's row, the shard that decided it, and the order or win right after it. */
export interface Decided {
  readonly shard: number
  readonly row: DecisionRow
  readonly entity: Entity
}

/** A kind of row that decisions make beside their own. */
export interface RowKind {
  /** @param text what the row is made of: the record in the field `name` of the user, the report, or what it wrote as JSON. @throws Error when it is not readable */
  readonly check: (name: string, text: string) => void
  /** Adds the row of a decision. @throws Error when what it is made of is not readable */
  readonly add: (rows: KindRows, decided: Decided) => void
}
