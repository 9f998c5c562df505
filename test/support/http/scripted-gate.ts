import type { Command } from '../../../src/gate/batch/commands.ts'
import type { Health, Outcome } from '../../../src/gate/batch/outcomes.ts'
import type { Gate, LiveOrder, LiveWin, UnstoredDecision } from '../../../src/gate/gate.ts'
import { conditionTable, type Verdicts } from '../../../src/health/conditions.ts'
import type { OrderRecord } from '../../../src/record/order.ts'
import type { WinRecord } from '../../../src/record/win.ts'

/** An order as the gate knows it, accepted at a fixed time. */
export function anOrder(part: Partial<OrderRecord> = {}): OrderRecord {
  return {
    id: '0-1700000000-7',
    status: 'accepted',
    frame: '1700000000-3',
    campaign: 'launch',
    activity: 'phone',
    session: 'am',
    quantity: 1,
    unitPrice: 299900,
    currency: 'CNY',
    acceptedAt: Date.UTC(2026, 10, 11, 0, 0, 1, 5),
    payBy: Date.UTC(2026, 10, 11, 0, 15, 1, 5),
    shipBy: null,
    position: 4,
    returned: 0,
    refunded: 0,
    reference: '',
    shipment: null,
    version: undefined,
    ...part
  }
}

/** The outcome of an accepted order. */
export function accepted(order: OrderRecord = anOrder(), replayed = false): Extract<Outcome, { kind: 'confirmed' }> {
  return {
    kind: 'confirmed',
    decision: {
      id: order.id,
      sequence: Number(order.id.split('-')[2]),
      type: 'order.accepted',
      at: order.acceptedAt,
      report: '',
      order
    },
    replayed
  }
}

/** A win as Redis keeps it, but for what it gave. */
function recordOf(win: WinRecord): string {
  const { status, frame, campaign, draw, prize, sub, tier, type, wonAt, claimBy } = win
  return [status[0], frame, campaign, draw, prize, sub, tier, type, wonAt, claimBy ?? '', ''].join(';')
}

/**
 * Says what a test tells it to: the HTTP layer's own words and shapes, and its cost, are looked at without servers. What
 * the gate really decides is tested with real ones elsewhere.
 */
export class ScriptedGate implements Gate {
  readonly numbers = [0]
  /** what the next commands are answered with */
  outcome: Outcome = accepted()
  busy = false
  readonly commands: Command[] = []
  orders: LiveOrder[] = []
  wins: LiveWin[] = []
  unstored: UnstoredDecision[] = []
  found: Awaited<ReturnType<Gate['lookup']>>
  hashes: Record<string, Record<string, string>> = {}
  reads = 0
  failure: Error | undefined
  parts: { gate: Health; journal: Health } = { gate: 'ok', journal: 'ok' }
  conditions: Verdicts = Object.fromEntries(
    conditionTable
      .filter(({ sources }) => sources.some((source) => source === 'process'))
      .map(({ name }) => [name, { ok: true, detail: '' }])
  )
  opened: Promise<void> = Promise.resolve()

  isBusy(): boolean {
    return this.busy
  }

  async submit(command: Command): Promise<Outcome> {
    this.commands.push(command)
    return this.outcome
  }

  async foresee(): ReturnType<Gate['foresee']> {
    return { kind: 'confirmed' }
  }

  async ordersOf(): Promise<LiveOrder[]> {
    if (this.failure) throw this.failure
    return this.orders
  }

  async winsOf(): Promise<LiveWin[]> {
    if (this.failure) throw this.failure
    return this.wins
  }

  async orderOf(_user: string, id: string): Promise<LiveOrder | undefined> {
    return (await this.ordersOf()).find(({ order }) => order.id === id)
  }

  async winOf(_user: string, id: string): Promise<LiveWin | undefined> {
    return (await this.winsOf()).find(({ win }) => win.id === id)
  }

  async unstoredUnder(_user: string, key: string): Promise<UnstoredDecision | undefined> {
    return (await this.unstoredOf()).find((decision) => decision.key === key)
  }

  async fieldsOf(user: string, names: readonly string[]): Promise<Record<string, string>> {
    this.reads += 1
    if (this.failure) throw this.failure
    const records = this.wins.map(({ win }) => [`w:${win.id.slice(2)}`, recordOf(win)])
    const hash: Record<string, string> = { ...Object.fromEntries(records), ...this.hashes[`u:${user}`] }
    return Object.fromEntries(names.flatMap((name) => (hash[name] === undefined ? [] : [[name, hash[name]]])))
  }

  async unstoredOf(): Promise<UnstoredDecision[]> {
    if (this.failure) throw this.failure
    return this.unstored
  }

  async lookup(): ReturnType<Gate['lookup']> {
    if (this.failure) throw this.failure
    return this.found
  }

  async read(keys: readonly string[]): Promise<Array<Record<string, string>>> {
    this.reads += 1
    if (this.failure) throw this.failure
    return keys.map((key) => this.hashes[key] ?? {})
  }

  async depths(): ReturnType<Gate['depths']> {
    return { outbox: 0, kept: 0 }
  }

  async ownerOf(): Promise<string | undefined> {
    return undefined
  }

  async look(): ReturnType<Gate['look']> {
    return { opening: 1, time: Date.now(), oldestBatch: undefined, last: { batch: 0, sequence: 0 }, units: [] }
  }

  async writeFact(): Promise<void> {}

  health(): ReturnType<Gate['health']> {
    return { ...this.parts, conditions: this.conditions }
  }

  ready(): Promise<void> {
    return this.opened
  }

  async close(): Promise<void> {}
}
