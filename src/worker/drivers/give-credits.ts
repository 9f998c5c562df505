import type { Pool } from 'pg'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import { poolsOf, prizesOf } from '../../campaign/kinds/prizes.ts'
import type { ParticipateCommand, TakeBackCommand, WinCommand } from '../../gate/batch/commands.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider } from '../../gate/gate.ts'
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

/** Commands in flight: one batch of the gate, so that users who buy meanwhile wait for one more batch at most. */
const AT_ONCE = 128
/** The longest step, so that a worker can stop in time. */
const STEP_MS = 1000
/** A credit that is asked for is not taken again for this time: longer than any command is in flight. */
const ASKED_MS = 10_000
const RETRY_MS = 1000
const RETRY_MOST_MS = 300_000

/** Refusals that stay: the user gets nothing, and the row says why. */
const final: ReadonlySet<string> = new Set(['ALREADY_DONE', 'DISQUALIFIED', 'KEY_REUSED', 'VOIDED'])

type Later = { readonly to: 'later'; readonly afterMs: number }
type Settled = Later | { readonly to: 'done' } | { readonly to: 'refused'; readonly refusal: string }

/** Whether an outcome closes a due credit. */
function settledBy(outcome: Outcome, attempts: number): Settled {
  switch (outcome.kind) {
    case 'confirmed':
      return { to: 'done' }
    case 'refused':
      if (final.has(outcome.code)) return { to: 'refused', refusal: outcome.code }
      return { to: 'later', afterMs: Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** Math.min(attempts, 10)) }
    case 'pending':
    case 'unavailable':
    case 'unknown':
      return { to: 'later', afterMs: RETRY_MS }
    default:
      return outcome satisfies never
  }
}

/** What a decision gave that can be taken back: amounts by their field, and cards that multiply. */
function givenBy({ adds, puts }: DecidedCredit, campaign: string): TakeBackCommand['given'] {
  const card = userField.doubler(campaign)
  const amounts = Object.entries(adds.u ?? {}).flatMap(([field, amount]) => {
    const unit = creditOf(field)?.unit
    return unit === undefined ? [] : [{ unit, field, amount }]
  })
  return puts.u?.[card] === undefined ? amounts : [...amounts, { unit: unitName.doubler, field: card, amount: 1 }]
}

type Activities = Pick<Catalogue, 'refresh' | 'findActivity'>

/**
 * Gives what users get for what others did, and takes it back where its cause was voided: each by a command about that user. The gate
 * alone decides, under a key of the cause, so it is given once whoever asks, and however often.
 */
export class CreditDriver {
  readonly #pool: Pool
  readonly #gate: Decider
  readonly #catalogue: Activities

  constructor(pool: Pool, gate: Decider, catalogue: Activities) {
    this.#pool = pool
    this.#gate = gate
    this.#catalogue = catalogue
  }

  /** @returns the number of credits that were closed or put off */
  async step(): Promise<number> {
    const until = performance.now() + STEP_MS
    let settled = 0
    for (;;) {
      const due = await takeDueCredits(this.#pool, { most: AT_ONCE, ms: ASKED_MS })
      if (due.length === 0) return settled
      await this.#catalogue.refresh()
      const decided = await decidedCredits(this.#pool, due, ({ cause, role }) => replayField.credit(cause, role))
      const settlements = await Promise.all(due.map((credit, index) => this.#settle(credit, decided[index])))
      await settleCredits(this.#pool, settlements)
      settled += due.length
      if (due.length < AT_ONCE || performance.now() > until) return settled
    }
  }

  async #settle(due: DueCredit, decided: DecidedCredit | undefined): Promise<CreditSettlement> {
    const place = { campaign: due.campaign, cause: due.cause, role: due.role }
    if (due.state === 'due') return { ...place, ...(decided ? doneBy(decided) : await this.#give(due)) }
    // given, and its cause is void: what it gave is known once Postgres has it
    if (decided === undefined) return { ...place, to: 'later', afterMs: RETRY_MS }
    const settled = await this.#takeBack(due, decided)
    return { ...place, ...(settled.to === 'done' ? { to: 'taken-back' } : settled) }
  }

  async #give(due: DueCredit) {
    const found = this.#catalogue.findActivity(due.campaign, due.activity)
    const outcome = await this.#gate.submit(giving(due, found ? poolsOf(found.activity) : ''))
    if (outcome.kind === 'confirmed') return doneBy(outcome.decision)
    return settledBy(outcome, due.attempts) as Exclude<Settled, { to: 'done' }>
  }

  async #takeBack(due: DueCredit, decided: DecidedCredit): Promise<Settled> {
    if (decided.win !== '') {
      const outcome = await this.#gate.submit(this.#revoking(due, decided.id, decodeWin(decided.id, decided.win)))
      const isRevoked = outcome.kind === 'refused' && outcome.code === 'VOIDED'
      if (outcome.kind !== 'confirmed' && !isRevoked) return settledBy(outcome, due.attempts)
    }
    return settledBy(await this.#gate.submit(takingBack(due, decided)), due.attempts)
  }

  /** A prize goes back into its quota: it was never due. */
  #revoking({ user, campaign, activity, cause }: DueCredit, id: string, { prize }: WinRecord): WinCommand {
    const found = this.#catalogue.findActivity(campaign, activity)
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
