import { isDeepStrictEqual } from 'node:util'
import { isConfirmed } from '../load/answers.ts'
import { type Attempt, type History, requestId } from '../load/history.ts'
import type { Evidence } from './evidence.ts'
import type { Case, Difference } from './promise.ts'
import { limitsBroken, positionsWrong, stockWrong } from './stock-differences.ts'
import { epochsWrong, eventsWrong } from './stream-differences.ts'

/** Compares what clients were told with what Postgres, the public stream and the gate say. No difference: empty. */
export function differences(judged: Case): Difference[] {
  return [
    ...answersDiffer(judged.history),
    ...confirmedMissing(judged),
    ...rowsDoubled(judged.evidence),
    ...rowsUnasked(judged),
    ...stockWrong(judged),
    ...limitsBroken(judged),
    ...positionsWrong(judged),
    ...eventsWrong(judged),
    ...epochsWrong(judged.evidence)
  ]
}

/** I6, I7: one key has one order and one answer; every outcome is known; every answer is one of the contract. */
function answersDiffer(history: History): Difference[] {
  const found: Difference[] = history.unsettled().map(({ user, key }) => {
    return { rule: 'I7', what: `user ${user} never got a definite answer for key ${key}` }
  })
  for (const [request, attempts] of history.byKey()) {
    const wrong = attempts.find(({ result }) => result?.kind === 'wrong')
    if (wrong !== undefined)
      found.push({ rule: 'contract', what: `${request} was answered with ${wrong.result?.reason}` })
    const oks = attempts.filter(({ result }) => result?.kind === 'ok')
    const [first] = oks
    if (first?.result === undefined) continue
    found.push(...answerOutOfOrder(request, first, attempts))
    const other = oks.find(({ result }) => !isDeepStrictEqual(result?.body, first.result?.body))
    if (other !== undefined) {
      const bodies = `${JSON.stringify(first.result.body)} and ${JSON.stringify(other.result?.body)}`
      found.push({ rule: 'I6', what: `${request} was confirmed with two different answers: ${bodies}` })
    }
  }
  return found
}

/** A confirmation that fits its own request and is never taken back. */
function answerOutOfOrder(request: string, ok: Attempt, attempts: readonly Attempt[]): Difference[] {
  const found: Difference[] = []
  const { purchase, result } = ok
  const body = result?.body
  if (isConfirmed(body)) {
    const { order } = body
    const fits =
      body.requestId === purchase.key &&
      body.eventId === order.id &&
      order.id.endsWith(`-${body.sequence}`) &&
      order.campaign === purchase.campaign &&
      order.sale === purchase.sale &&
      order.quantity === purchase.quantity &&
      order.status === 'accepted'
    if (!fits) found.push({ rule: 'contract', what: `${request} was confirmed with ${JSON.stringify(body)}` })
  }
  const confirmedAt = ok.answeredAt ?? Number.POSITIVE_INFINITY
  const takenBack = attempts.find((attempt) => {
    // another body under the same key is another request
    const sameLater = attempt.invokedAt > confirmedAt && attempt.purchase.quantity === purchase.quantity
    return (
      sameLater &&
      ((attempt.result?.kind === 'refused' && attempt.result.status !== 429) || attempt.result?.kind === 'none')
    )
  })
  if (takenBack !== undefined) {
    found.push({
      rule: 'I6',
      what: `${request} was confirmed as ${result?.order?.id}, then ${JSON.stringify(takenBack.result)}`
    })
  }
  return found
}

/** I1, I13: what was confirmed is in Postgres, as the client asked for it. */
function confirmedMissing({ history, evidence }: Case): Difference[] {
  const found: Difference[] = []
  const orders = new Map(evidence.orders.map((row) => [row.id, row]))
  const decisions = new Map(evidence.decisions.map((row) => [row.id, row]))
  for (const [request, attempts] of history.byKey()) {
    const ok = attempts.find(({ result }) => result?.kind === 'ok')
    const order = ok?.result?.order
    if (ok === undefined || order === undefined) continue
    const row = orders.get(order.id)
    const decision = decisions.get(order.id)
    if (row === undefined)
      found.push({ rule: 'I1', what: `${request} was confirmed as ${order.id}, which Postgres has not` })
    else if (row.user !== ok.purchase.user || row.quantity !== order.quantity || row.position !== order.position) {
      found.push({
        rule: 'I1',
        what: `order ${order.id} was confirmed as ${JSON.stringify(order)}, stored as ${JSON.stringify(row)}`
      })
    }
    if (decision === undefined) found.push({ rule: 'I1', what: `order ${order.id} has no decision in Postgres` })
    else if (
      decision.key !== ok.purchase.key ||
      !isDeepStrictEqual(decision.request, { quantity: ok.purchase.quantity })
    ) {
      found.push({
        rule: 'I13',
        what: `${request} asked for ${ok.purchase.quantity}, stored is ${JSON.stringify(decision)}`
      })
    }
  }
  return found
}

/** I2: one row per decision, per sequence, per user and key, and one order for each accepted decision. */
function rowsDoubled({ orders, decisions }: Evidence): Difference[] {
  const accepted = decisions.filter(({ type }) => type === 'order.accepted')
  const ofOrder = new Set(orders.map(({ id }) => id))
  const ofDecision = new Set(accepted.map(({ id }) => id))
  return [
    ...twice(decisions, ({ id }) => id).map((id) => ({ rule: 'I2', what: `decision ${id} has two rows` })),
    ...twice(decisions, (row) => `${row.shard}-${row.epoch}-${row.sequence}`).map((name) => {
      return { rule: 'I2', what: `sequence ${name} was given twice` }
    }),
    ...twice(accepted, (row) => requestId(row.user, row.key)).map((name) => {
      return { rule: 'I2', what: `user and key ${name} have two decisions` }
    }),
    ...twice(orders, ({ id }) => id).map((id) => ({ rule: 'I2', what: `order ${id} has two rows` })),
    ...orders
      .filter(({ id }) => !ofDecision.has(id))
      .map(({ id }) => ({ rule: 'I2', what: `order ${id} has no decision` })),
    ...accepted
      .filter(({ id }) => !ofOrder.has(id))
      .map(({ id }) => ({ rule: 'I2', what: `decision ${id} has no order` }))
  ]
}

/** I9: no row without a request, no row for a refused request, no dead letter. */
function rowsUnasked({ history, evidence }: Case): Difference[] {
  const asked = history.byKey()
  const found: Difference[] = []
  if (evidence.deadLetters > 0) found.push({ rule: 'I9', what: `${evidence.deadLetters} dead letters` })
  for (const row of evidence.decisions.filter(({ type }) => type === 'order.accepted')) {
    const attempts = asked.get(requestId(row.user, row.key))
    if (attempts === undefined)
      found.push({ rule: 'I9', what: `nobody asked for ${row.id} of ${row.user} with key ${row.key}` })
    else if (!attempts.some(({ result }) => result?.kind === 'ok')) {
      const last = JSON.stringify(attempts.at(-1)?.result)
      found.push({ rule: 'I7', what: `${row.id} stands, but ${row.user} was told ${last} for key ${row.key}` })
    }
  }
  return found
}

/** The names that more than one row has. */
function twice<T>(rows: readonly T[], nameOf: (row: T) => string): string[] {
  const seen = new Set<string>()
  return [...new Set(rows.map(nameOf).filter((name) => seen.size === seen.add(name).size))]
}
