import { gatherEvidence } from '../../support/evidence.ts'
import type { History } from '../../support/history.ts'
import { differences } from '../../support/invariants.ts'
import type { Difference, SalePromise } from '../../support/judged.ts'
import type { Expectations } from '../row.ts'
import { campaign, type Scene, sale } from '../scene.ts'
import { readJournal } from './journal.ts'
import { confirmedUnjournaled, journalWrong, redisWrong, withoutDeadLetters } from './parts.ts'

const toldNoMore = 'is not on the public stream'
const restDeadlineMs = 25_000
const confirmsAgainMs = 5000
/** opening a shard takes many steps, each as late as the machine's timers */
const lagAllowed = 20

function promiseOf(scene: Scene, expects: Expectations): SalePromise {
  const session = { stock: scene.stock, soldOut: expects.unsold !== true }
  return { campaign, sales: { [sale]: { unitsPerUser: 2, sessions: { now: session } } }, afterFault: true }
}

async function look(scene: Scene, history: History, expects: Expectations): Promise<Difference[]> {
  const { world } = scene
  const places = world.places()
  const { journalLost = false, eventsDropped = false } = expects
  const evidence = await gatherEvidence(places, campaign)
  const streams = await withoutDeadLetters(await readJournal(places), world.pool)
  // dead letters are judged here: the row says how many it planted
  const judged = { promise: promiseOf(scene, expects), history, evidence: { ...evidence, deadLetters: 0 } }
  const found = [
    ...differences(judged),
    ...(await redisWrong(places, world.pool)),
    ...(await journalWrong(streams, world.pool, { republished: journalLost })),
    ...(journalLost ? [] : await confirmedUnjournaled(history, streams, world.pool))
  ]
  if (evidence.deadLetters !== scene.planted) {
    found.push({ rule: 'I9', what: `${evidence.deadLetters} dead letters, ${scene.planted} were planted` })
  }
  // a store that was wiped took the events along that nobody has to tell again
  return journalLost || eventsDropped
    ? found.filter(({ rule, what }) => !(rule === 'event' && what.endsWith(toldNoMore)))
    : found
}

/**
 * Compares all that was told and stored until nothing differs any more: worker and events may lag a little, but what is
 * lost, doubled or oversold never comes right.
 */
export async function judge(scene: Scene, history: History, expects: Expectations): Promise<Difference[]> {
  const giveUpAt = performance.now() + restDeadlineMs
  for (;;) {
    let found: Difference[]
    try {
      found = await look(scene, history, expects)
    } catch (error) {
      found = [{ rule: 'evidence', what: error instanceof Error ? (error.stack ?? error.message) : String(error) }]
    }
    if (found.length === 0 || performance.now() > giveUpAt) return found
    await new Promise((resolve) => {
      setTimeout(resolve, 150)
    })
  }
}

/** I11: the first new confirmation comes soon after the heal; and whether the sale was to go on meanwhile. */
export function paceWrong(scene: Scene, history: History, expects: Expectations): Difference[] {
  const found: Difference[] = []
  const { struckAt, healedAt } = scene
  if (healedAt > 0 && scene.sale.buyers > 0 && expects.unsold !== true) {
    // without any, either all is sold or the row fails for that it is not
    const first = history.attempts
      .filter(({ answeredAt = 0, result }) => result?.kind === 'ok' && answeredAt >= healedAt)
      .reduce((earliest, { answeredAt = 0 }) => Math.min(earliest, answeredAt), Number.POSITIVE_INFINITY)
    const soldBefore = first === Number.POSITIVE_INFINITY
    scene.note(soldBefore ? 'sold out before the heal' : `confirmed ${Math.round(first - healedAt)} ms after the heal`)
    if (!soldBefore && first - healedAt > confirmsAgainMs + lagAllowed * scene.load.lagMs) {
      found.push({ rule: 'I11', what: `the first confirmation came ${Math.round(first - healedAt)} ms after the heal` })
    }
  }
  if (expects.sellsMeanwhile === true) {
    const meanwhile = history.ordersBetween(struckAt, healedAt)
    scene.note(`${meanwhile} orders meanwhile`)
    if (meanwhile === 0) found.push({ rule: 'meanwhile', what: 'no order was confirmed while the fault lasted' })
  }
  return found
}
