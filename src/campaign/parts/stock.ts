import type { ActivityBase } from './model.ts'

/** Units that can run out: of a session, or of a prize with a quota. `stock` is what operators asked for so far. */
export interface StockItem {
  readonly id: string
  readonly stock: number
}

/** The stock of an activity that `s:<campaign>:<activity>` counts, and how it is changed. */
export interface Stock<A> {
  /** what each item belongs to: the field that names it in a PATCH and in the audit trail */
  readonly of: 'session' | 'prize'
  items(activity: A): StockItem[]
  /** the activity with stock changed by `changes`, which has a number for an item's id; other items stay */
  changed(activity: A, changes: ReadonlyMap<string, number>): A
  /** the id of the item that an operator names in `prize`; only for stock of prizes. @throws Contradiction */
  named?(activity: A, name: string): string
}

/** Stock that belongs to the sessions of an activity. */
export const sessionStock = {
  of: 'session',
  items: ({ sessions }: ActivityBase): StockItem[] => sessions.map(({ id, stock }) => ({ id, stock })),
  changed<A extends ActivityBase>(activity: A, changes: ReadonlyMap<string, number>): A {
    const sessions = activity.sessions.map((session) => ({
      ...session,
      stock: session.stock + (changes.get(session.id) ?? 0)
    }))
    return { ...activity, sessions }
  }
} as const
