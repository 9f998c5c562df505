import { differences } from '../../support/judging/differences.ts'
import { gatherEvidence } from '../../support/judging/evidence.ts'
import type { Difference, SalePromise } from '../../support/judging/promise.ts'
import type { History } from '../../support/load/history.ts'
import type { Expectations } from '../row.ts'
import { campaign, type Scene, sale } from '../scene.ts'
import type { World } from '../world/world.ts'
import { readJournal } from './journal.ts'
import { confirmedUnjournaled, journalWrong, redisWrong, withoutDeadLetters } from './parts.ts'

const toldNoMore = 'is not on the public stream'
const restDeadlineMs = 90_000
const confirmsAgainMs = 5000
/** opening a shard takes many steps, each as late as the machine's timers */
const lagAllowed = 20

/** What is judged of a deployment, beside what its clients were told. */
export interface Judged {
  readonly world: World
  readonly promise: SalePromise
  /** dead letters that were planted on purpose */
  readonly planted: number
  /** the journal was lost at some time: see Expectations */
  readonly journalLost: boolean
  /** see Expectations */
  readonly eventsDropped?: boolean
  /** whatever else must hold */
  readonly more?: () => Promise<readonly Difference[]>
}

function judgedOf(scene: Scene, expects: Expectations): Judged {
  const { world, planted, stock } = scene
  const session = { stock, soldOut: expects.unsold !== true }
  const promise = { campaign, sales: { [sale]: { unitsPerUser: 2, sessions: { now: session } } }, afterFault: true }
  return {
    world,
    promise,
    planted,
    journalLost: expects.journalLost ?? false,
    eventsDropped: expects.eventsDropped ?? false
  }
}

async function look(judged: Judged, history: History): Promise<Difference[]> {
  const { world, promise, planted, journalLost, eventsDropped, more } = judged
  const places = world.places()
  const evidence = await gatherEvidence(places, promise.campaign)
  const streams = await withoutDeadLetters(await readJournal(places), world.pool)
  const found = [
    // dead letters are judged here: the row says how many it planted
    ...differences({ promise, history, evidence: { ...evidence, deadLetters: 0 } }),
    ...(await redisWrong(places, world.pool)),
    ...(await journalWrong(streams, world.pool, { republished: journalLost })),
    ...(journalLost ? [] : await confirmedUnjournaled(history, streams, world.pool)),
    ...((await more?.()) ?? [])
  ]
  if (evidence.deadLetters !== planted) {
    found.push({ rule: 'I9', what: `${evidence.deadLetters} dead letters, ${planted} were planted` })
  }
  // a store that was wiped took the events along that nobody has to tell again
  return journalLost || eventsDropped
    ? found.filter(({ rule, what }) => !(rule === 'event' && what.endsWith(toldNoMore)))
    : found
}

/** A row's end, judged. */
export function judge(scene: Scene, history: History, expects: Expectations): Promise<Difference[]> {
  return judgeAtRest(judgedOf(scene, expects), history)
}

/**
 * Compares all that was told and stored until nothing differs any more: worker and events may lag a little, but what is
 * lost, doubled or oversold never comes right.
 */
export async function judgeAtRest(judged: Judged, history: History): Promise<Difference[]> {
  const giveUpAt = performance.now() + restDeadlineMs
  for (;;) {
    let found: Difference[]
    try {
      found = await look(judged, history)
    } catch (error) {
      found = [{ rule: 'evidence', what: error instanceof Error ? (error.stack ?? error.message) : String(error) }]
    }
    if (found.length === 0 || performance.now() > giveUpAt) return found
    await new Promise((resolve) => {
      setTimeout(resolve, 150)
    })
  }
}

/** Ms from a moment (ms since 1970) to the first confirmation after it; Infinity without one. */
export function firstConfirmationAfter(history: History, moment: number): number {
  const first = history.attempts
    .filter(({ answeredAt = 0, result }) => result?.kind === 'ok' && answeredAt >= moment)
    .reduce((earliest, { answeredAt = 0 }) => Math.min(earliest, answeredAt), Number.POSITIVE_INFINITY)
  return first - moment
}

/** @param lagMs how late the machine's timers were */
export function confirmsTooLate(ms: number, lagMs: number): boolean {
  return ms > confirmsAgainMs + lagAllowed * lagMs
}

/** I11: the first new confirmation comes soon after the heal; and whether the sale was to go on meanwhile. */
export function paceWrong(scene: Scene, history: History, expects: Expectations): Difference[] {
  const found: Difference[] = []
  const { struckAt, healedAt } = scene
  if (healedAt > 0 && scene.sale.buyers > 0 && expects.unsold !== true) {
    // without any, either all is sold or the row fails for that it is not
    const ms = firstConfirmationAfter(history, healedAt)
    const soldBefore = ms === Number.POSITIVE_INFINITY
    scene.note(soldBefore ? 'sold out before the heal' : `confirmed ${Math.round(ms)} ms after the heal`)
    if (!soldBefore && confirmsTooLate(ms, scene.load.lagMs)) {
      found.push({ rule: 'I11', what: `the first confirmation came ${Math.round(ms)} ms after the heal` })
    }
  }
  if (expects.sellsMeanwhile === true) {
    const meanwhile = history.ordersBetween(struckAt, healedAt)
    scene.note(`${meanwhile} orders meanwhile`)
    if (meanwhile === 0) found.push({ rule: 'meanwhile', what: 'no order was confirmed while the fault lasted' })
  }
  return found
}
