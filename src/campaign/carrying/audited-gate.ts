import type pg from 'pg'
import type { Logger } from 'pino'
import type { Command } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider } from '../../gate/gate.ts'
import { beginInTime } from '../../store/connection/transaction.ts'
import { type AuditEntry, recordAudit } from '../../store/operators/audit.ts'
import { auditDebts } from './audit-debts.ts'
import { storedOrDecided } from './stored-first.ts'

/** A command of an operator, and its entry in the audit trail. */
export interface AuditedCommand {
  readonly command: Command
  readonly entryOf: (outcome: Outcome) => AuditEntry
}

/** Whether an outcome has to be audited: a replay was audited before, and a refusal changed nothing. */
function isAudited(outcome: Outcome): boolean {
  return (outcome.kind === 'confirmed' && !outcome.replayed) || outcome.kind === 'pending' || outcome.kind === 'unknown'
}

/**
 * Submits commands of operators, unless Postgres has their decision: Redis may have forgotten it. The audit entry is written in a transaction that begins before the change, so without
 * Postgres nothing is changed.
 */
export function createAuditedGate({ gate, pool, logger }: { gate: Decider; pool: pg.Pool; logger: Logger }) {
  return async ({ command, entryOf }: AuditedCommand): Promise<Outcome> => {
    const transaction = await beginInTime(pool)
    try {
      const outcome = await storedOrDecided({ db: transaction.client, gate }, command)
      try {
        if (isAudited(outcome)) await recordAudit(transaction.client, entryOf(outcome))
        await transaction.commit()
      } catch (error) {
        // the decision stands, and the journal names the operator; an answer that denies it would be wrong
        if (isAudited(outcome)) auditDebts(pool).owe(entryOf(outcome), error, logger)
      }
      return outcome
    } finally {
      transaction.end()
    }
  }
}

export type AuditedGate = ReturnType<typeof createAuditedGate>
