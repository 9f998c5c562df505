import { leftOf, newestUpTo } from '../../../src/campaign/actions/points-left.ts'
import type { Movement } from '../../../src/store/reading/ledger.ts'
import { Lots } from '../../support/judging/lots.ts'
import { type Steps, wait } from '../scheduler.ts'
import type { World } from '../world.ts'
import { batchOf, comparePlaces, epochOf, NOWHERE, placeText } from './frame.ts'
import type { Command } from './gate/gate-batch.ts'
import type { GateClient, Outcome } from './gate/gate-client.ts'
import { type Opening, shardKeys, userKey } from './gate/gate-state.ts'
import { must, type Projector } from './projector.ts'
import type { StoredDecision } from './rows.ts'

/** What a decision did to its user's points. */
export function movementOf({ campaign, at, type, user, add }: StoredDecision): Movement {
  return {
    campaign,
    at,
    delta: add[userKey(user)]?.points ?? 0,
    isTakenBack: type === 'lapsed' || type === 'taken-back'
  }
}

const WAITS_MS = [0, 0, 0, 300, 2500] as const

/** src/worker/drivers/expire-points.ts and src/worker/drivers/do-jobs.ts: takes from each user what of a campaign's points has expired. */
export class Lapses {
  readonly #world: World
  readonly #owner: Projector
  readonly #opening: Opening
  readonly #gate: GateClient

  constructor(owner: Projector, opening: Opening, gate: GateClient) {
    this.#world = owner.world
    this.#owner = owner
    this.#opening = opening
    this.#gate = gate
  }

  /** @throws GaveUp */
  *step(): Steps {
    const { lapses } = this.#world.tables.state
    for (const [campaign, row] of lapses) {
      if (row.closed) continue
      if (row.mark === undefined) yield* this.#mark(campaign)
      else if (row.users === undefined) yield* this.#list(campaign)
      else yield* this.#take(campaign)
    }
  }

  /** Once the moment has come by the gate's clock: how far it has decided. */
  *#mark(campaign: string): Steps {
    const { scheduler, bugs } = this.#world
    const look = yield* this.#world.askRedis(this.#owner.process, 'lapse.look', (node) => ({
      time: scheduler.now + (bugs.has('lapse-by-own-clock') ? 0 : node.skewMs),
      epoch: Number(node.hget(shardKeys.shard, 'open')),
      batch: Number(node.hget(shardKeys.shard, 'batch') ?? 0)
    }))
    const { time, epoch, batch } = must(look)
    const row = () => this.#world.tables.state.lapses.get(campaign)
    if (epoch !== this.#opening.epoch || time <= (row()?.moment ?? 0)) return
    yield* this.#owner.write('lapse.mark', () => {
      const known = row()
      if (known && known.mark === undefined) known.mark = { epoch, batch, at: scheduler.now }
    })
  }

  /** All who earned something of it, once all up to the mark is stored. */
  *#list(campaign: string): Steps {
    const { tables, bugs } = this.#world
    yield* this.#owner.write('lapse.list', () => {
      const row = tables.state.lapses.get(campaign)
      if (!row?.mark || row.users) return
      const { epoch, batch } = row.mark
      const isStored = tables.newestOpened > epoch || (tables.wholeUpTo(epoch) ?? -1) >= batch
      if (!isStored && !bugs.has('lapse-unread')) return
      const earned = tables
        .everInOrder()
        .filter((each) => each.campaign === campaign && each.at <= row.moment)
        .filter(({ user, add }) => (add[userKey(user)]?.points ?? 0) > 0)
      row.users = new Map(earned.map(({ user }) => [user, { closed: false }]))
    })
  }

  *#take(campaign: string): Steps {
    const { tables, scheduler, retentionMs, skewMs, bugs } = this.#world
    const open = [...(tables.state.lapses.get(campaign)?.users ?? [])].filter(([, { closed }]) => !closed)
    for (const [user] of open) {
      // until then nothing can be forgotten that is decided from now on, by a clock that is behind too
      const notAfter = scheduler.now + retentionMs - skewMs
      const counted = yield* this.#count(campaign, user)
      let isDone = counted.amount === 0
      if (!isDone) {
        const key = `x:lapse:${campaign}`
        const command: Command = { op: 'lapse', campaign, user, key, hash: 'lapse', notAfter, lapse: counted }
        const outcome: Outcome = yield* this.#gate.ask(command)
        isDone = outcome.kind === 'confirmed' || (outcome.kind !== 'refused' && bugs.has('lapse-closed-early'))
      }
      if (isDone) yield* this.#close(campaign, user)
    }
    if (open.length === 0) yield* this.#close(campaign, undefined)
  }

  /** The opening that Postgres knows and the user's newest decision come first: what is missing of either is noticed by the gate. */
  *#count(campaign: string, user: string): Steps<NonNullable<Command['lapse']>> {
    const { tables, postgres, scheduler, bugs } = this.#world
    /** a frame of another gateway may be stored before an earlier one */
    const isStoredUpTo = (entry: string) =>
      tables.newestOpened > epochOf(entry) || tables.isWholeUpTo(epochOf(entry), batchOf(entry))
    const ofUser = () => tables.everInOrder().filter((each) => each.user === user)
    const known = must(
      yield* this.#owner.ask('lapse.newest', () => {
        const { state, epoch } = postgres.read()
        const last = ofUser().sort(comparePlaces).at(-1)
        const isMissing = last !== undefined && !isStoredUpTo(last.entry) && !bugs.has('lapse-out-of-order')
        const { epoch: of, seq } = last === undefined || isMissing ? NOWHERE : last
        return { epoch: state === 'open' ? epoch : 0, newest: { epoch: of, seq } }
      })
    )
    const until = tables.state.lapses.get(campaign)?.moment ?? 0
    const movements = must(
      yield* this.#owner.ask('lapse.count', () =>
        ofUser().map((each) => ({ ...movementOf(each), id: placeText(each) }))
      )
    )
    const lots = new Lots()
    for (const movement of movements) lots.add(movement, 'newest')
    const amount = bugs.has('spent-newest-first') ? lots.leftOf(campaign, until) : leftOf(movements, campaign, until)
    // what is asked for next waits for other things of its process now and then
    const waits = scheduler.pick(WAITS_MS)
    if (waits > 0) yield* wait(scheduler.sleep(scheduler.draw(waits)))
    return { ...known, amount, upTo: newestUpTo(movements, campaign, until) }
  }

  *#close(campaign: string, user: string | undefined): Steps {
    const { tables, scheduler } = this.#world
    yield* this.#owner.write('lapse.close', () => {
      const row = tables.state.lapses.get(campaign)
      const item = user === undefined ? undefined : row?.users?.get(user)
      if (item) item.closed = true
      if (!row || user !== undefined || [...(row.users?.values() ?? [])].some(({ closed }) => !closed)) return
      row.closed = true
      row.closedAt = scheduler.now
    })
  }
}
