import type pg from 'pg'
import { messageOf } from '../../base/errors.ts'
import type { Verdict } from '../../health/conditions.ts'
import { type AuditEntry, recordAudit } from '../../store/operators/audit.ts'

const RETRY_MS = 1000
/** Entries beyond this number are only in the log. */
const OWED_MAX = 1000

/** The methods of a logger that this file uses. */
interface DebtLog {
  error(about: object, text: string): void
  info(about: object, text: string): void
}

/**
 * Entries of changes that stand and could not be audited, because Postgres went away between change and entry. They are
 * written as soon as it is back; until then the condition `audit` is false. An entry whose commit was not answered may be
 * written twice, which is better than never.
 */
class AuditDebts {
  readonly #pool: pg.Pool
  #owed: AuditEntry[] = []
  #timer: NodeJS.Timeout | undefined
  #why = ''

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  owe(entry: AuditEntry, error: unknown, log: DebtLog): void {
    const { operator, action, target } = entry
    this.#why = messageOf(error)
    log.error({ alarm: 'UNAUDITED', err: error, operator, action, target }, 'a change stands and is not audited yet')
    if (this.#owed.length < OWED_MAX) this.#owed.push(entry)
    this.#timer ??= setInterval(() => void this.#pay(log), RETRY_MS)
    this.#timer.unref()
  }

  verdict(): Verdict {
    if (this.#owed.length === 0) return { ok: true, detail: '' }
    return { ok: false, detail: `${this.#owed.length} changes are not audited yet: ${this.#why}` }
  }

  async #pay(log: DebtLog): Promise<void> {
    const [entry] = this.#owed
    if (!entry) return
    try {
      await recordAudit(this.#pool, entry)
    } catch (error) {
      this.#why = messageOf(error)
      return
    }
    this.#owed = this.#owed.filter((owed) => owed !== entry)
    if (this.#owed.length > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    log.info({}, 'all changes are audited')
  }
}

const debts = new WeakMap<pg.Pool, AuditDebts>()

/** The entries that a process still has to write over this pool. */
export function auditDebts(pool: pg.Pool): AuditDebts {
  const known = debts.get(pool) ?? new AuditDebts(pool)
  debts.set(pool, known)
  return known
}
