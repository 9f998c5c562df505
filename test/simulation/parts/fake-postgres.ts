import { ServerError } from '../network.ts'

export const SESSION_GONE = 'terminating connection'

/** A connection: its lock and its transaction die with it. */
export interface Session {
  alive: boolean
  /** changes that wait for the commit; undefined outside of a transaction */
  transaction: Array<() => void> | undefined
}

/**
 * Postgres as the protocol uses it: sessions, one advisory lock, transactions, and one row whose update is conditional and
 * is locked until its transaction ends. Tables are the caller's: their changes are given as functions.
 */
export class FakePostgres<Row extends object> {
  #row: Row
  readonly #sessions = new Set<Session>()
  #lockedBy: Session | undefined
  #rowHeldBy: Session | undefined

  constructor(row: Row) {
    this.#row = row
  }

  /** What is committed; a copy, whose values are never changed in place. */
  read(): Row {
    return { ...this.#row }
  }

  connect(): Session {
    const session: Session = { alive: true, transaction: undefined }
    this.#sessions.add(session)
    return session
  }

  /** Ends a session from either side; what it did not commit never happened. */
  end(session: Session): void {
    session.alive = false
    session.transaction = undefined
    this.#sessions.delete(session)
    if (this.#lockedBy === session) this.#lockedBy = undefined
    if (this.#rowHeldBy === session) this.#rowHeldBy = undefined
  }

  /** Killed and started again: committed data stays. */
  restart(): void {
    for (const session of [...this.#sessions]) this.end(session)
  }

  /** @throws ServerError when the session is gone */
  check(session: Session): void {
    if (!session.alive) throw new ServerError(SESSION_GONE)
  }

  /** false while another session holds it. @throws ServerError when the session is gone */
  tryLock(session: Session): boolean {
    this.check(session)
    this.#lockedBy ??= session
    return this.#lockedBy === session
  }

  /** Restored from a backup: no session survives. */
  goBack(row: Row): void {
    this.restart()
    this.#row = { ...row }
  }

  begin(session: Session): void {
    this.check(session)
    session.transaction = []
  }

  /** @throws ServerError when the session is gone: then nothing of it happened */
  commit(session: Session): void {
    this.check(session)
    const changes = session.transaction ?? []
    this.rollback(session)
    for (const change of changes) change()
  }

  rollback(session: Session): void {
    session.transaction = undefined
    if (this.#rowHeldBy === session) this.#rowHeldBy = undefined
  }

  /**
   * `update ... where`: changes the row where it still is as demanded.
   * @returns how many rows it changed
   * @throws ServerError when the session is gone, or another transaction holds the row
   */
  update(session: Session, where: (row: Row) => boolean, change: (row: Row) => void): number {
    this.check(session)
    if (this.#rowHeldBy && this.#rowHeldBy !== session) {
      throw new ServerError('canceling statement due to lock timeout')
    }
    if (!where(this.#row)) return 0
    if (session.transaction) this.#rowHeldBy = session
    this.write(session, () => change(this.#row))
    return 1
  }

  /** A change of other tables, at the commit or at once. @throws ServerError when the session is gone */
  write(session: Session, change: () => void): void {
    this.check(session)
    if (session.transaction) session.transaction.push(change)
    else change()
  }
}
