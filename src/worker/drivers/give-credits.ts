import { storedOutcome } from '../../campaign/carrying/stored-first.ts'
import { poolsOf, prizesOf } from '../../campaign/kinds/prizes.ts'
import type { ParticipateCommand, TakeBackCommand, WinCommand } from '../../gate/batch/commands.ts'
import type { RefusalCode } from '../../gate/batch/outcomes.ts'
import { creditOf, unitName, userField } from '../../record/fields.ts'
import { replayField } from '../../record/replay.ts'
import { decodeCredit } from '../../record/reports/credit.ts'
import { decodeWin, type WinRecord } from '../../record/win.ts'
import {
  type CreditSettlement,
  type DecidedCredit,
  type DueCredit,
  decidedCredits,
  settleCredits,
  takeDueCredits
} from '../../store/following/credits.ts'
import { ASKED_MS, type AskingParts, type Became, became, RETRY_MS, workOff } from './due.ts'

/** Refusals that stay: the user gets nothing, and the row says why. */
const final: ReadonlySet<RefusalCode> = new Set(['ALREADY_DONE', 'DISQUALIFIED', 'KEY_REUSED', 'VOIDED'])

/** What a decision gave that can be taken back: amounts by their field, and cards that multiply. */
function givenBy({ adds, puts }: DecidedCredit, campaign: string): TakeBackCommand['given'] {
  const card = userField.doubler(campaign)
  const amounts = Object.entries(adds.u ?? {}).flatMap(([field, amount]) => {
    const unit = creditOf(field)?.unit
    return unit === undefined ? [] : [{ unit, field, amount }]
  })
  return puts.u?.[card] === undefined ? amounts : [...amounts, { unit: unitName.doubler, field: card, amount: 1 }]
}

/**
 * Gives what users get for what others did, and takes it back where its cause was voided: each by a command about that user. The gate
 * alone decides, under a key of the cause, so it is given once whoever asks, and however often.
 */
export class CreditDriver {
  readonly #parts: AskingParts

  constructor(parts: AskingParts) {
    this.#parts = parts
  }

  /** @returns the number of credits that were closed or put off */
  step(): Promise<number> {
    return workOff({
      take: (most) => takeDueCredits(this.#parts.pool, { most, ms: ASKED_MS }),
      decide: async (due) => {
        await this.#parts.catalogue.refresh()
        const decided = await decidedCredits(this.#parts.pool, due, ({ cause, role }) =>
          replayField.credit(cause, role)
        )
        return Promise.all(due.map((credit, index) => this.#settle(credit, decided[index])))
      },
      note: (settled) => settleCredits(this.#parts.pool, settled)
    })
  }

  async #settle(due: DueCredit, decided: DecidedCredit | undefined): Promise<CreditSettlement> {
    const place = { campaign: due.campaign, cause: due.cause, role: due.role, attempts: due.attempts }
    if (due.state === 'due') return { ...place, ...(decided ? doneBy(decided) : await this.#give(due)) }
    // given, and its cause is void: what it gave is known once Postgres has it
    if (decided === undefined) return { ...place, to: 'later', afterMs: RETRY_MS }
    const settled = await this.#takeBack(due, decided)
    return { ...place, ...(settled.to === 'done' ? { to: 'taken-back' } : settled) }
  }

  async #give(due: DueCredit) {
    const found = this.#parts.catalogue.findActivity(due.campaign, due.activity)
    const outcome = await this.#parts.gate.submit(giving(due, found ? poolsOf(found.activity) : ''))
    const settled = became(outcome, { ...due, final })
    return settled.to === 'done' ? doneBy(settled.decision) : settled
  }

  async #takeBack(due: DueCredit, decided: DecidedCredit): Promise<Became> {
    const command = takingBack(due, decided)
    const before = await storedOutcome(this.#parts.pool, command)
    if (before !== undefined) return became(before, { ...due, final })
    if (decided.win !== '') {
      const outcome = await this.#parts.gate.submit(this.#revoking(due, decided.id, decodeWin(decided.id, decided.win)))
      const isRevoked = outcome.kind === 'refused' && outcome.code === 'VOIDED'
      if (outcome.kind !== 'confirmed' && !isRevoked) return became(outcome, { ...due, final })
    }
    return became(await this.#parts.gate.submit(command), { ...due, final })
  }

  /** A prize goes back into its quota: it was never due. */
  #revoking({ user, campaign, activity, cause }: DueCredit, id: string, { prize }: WinRecord): WinCommand {
    const found = this.#parts.catalogue.findActivity(campaign, activity)
    return {
      op: 'win',
      change: 'revoke',
      user,
      key: replayField.revocation(id),
      hash: 'revoke',
      campaign,
      activity,
      win: id,
      by: 'system',
      returnQuota: true,
      pool: found && prizesOf(found.activity).find((each) => each.id === prize)?.pool,
      request: JSON.stringify({ cause })
    }
  }
}

function doneBy({ id, report }: Pick<DecidedCredit, 'id' | 'report'>) {
  return { to: 'done', decision: id, cappedBy: decodeCredit(report).cappedBy } as const
}

function takingBack(
  { user, campaign, activity, cause, role, request }: DueCredit,
  decided: DecidedCredit
): TakeBackCommand {
  return {
    op: 'takeBack',
    user,
    key: replayField.takeBack(cause, role),
    hash: 'void',
    campaign,
    activity,
    givenUnder: replayField.credit(cause, role),
    givenBy: decided.id,
    given: givenBy(decided, campaign),
    request: JSON.stringify({ ...request, cause })
  }
}

function giving(due: DueCredit, pool: string): ParticipateCommand {
  const { user, campaign, activity, cause, role, action, about, day, request } = due
  return {
    op: 'participate',
    user,
    key: replayField.credit(cause, role),
    hash: 'credit',
    campaign,
    activity,
    quantity: 1,
    level: 0,
    by: 'credit',
    random: '',
    pool,
    action,
    about,
    day,
    request: JSON.stringify({ ...request, cause })
  }
}
