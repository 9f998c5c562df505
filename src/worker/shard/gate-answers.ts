import { probeGate } from '../../gate/batch/probe.ts'
import { RedisCallError } from '../../gate/redis/caller.ts'
import type { OpeningScripts } from '../../gate/redis/opening-scripts.ts'
import type { ConnectedShard } from '../../gate/shard/connect-shard.ts'
import { type Bell, ReopenError } from '../running/loop.ts'

/** For how long gateways have to go on saying that the gate is closed, while it answers here, until it is asked over a new connection. */
const LASTS_MS = 2000
/** After so long without a word of them it begins anew. They say it three times a second. */
const QUIET_MS = 3000

/** Whether the gate of an opening answers, as its owner sees it and as gateways do. */
export class GateAnswers {
  readonly #parts: Pick<ConnectedShard, 'shard' | 'prefix' | 'probe' | 'askAnew' | 'followProbe'>
  /** gateways ring it when they find the gate closed */
  readonly #closed: Pick<Bell, 'rings'>
  #rings = 0
  #heardAt = Number.NEGATIVE_INFINITY
  #since = 0

  constructor(parts: ConnectedShard, closed: Pick<Bell, 'rings'>) {
    this.#parts = parts
    this.#closed = closed
  }

  /**
   * Makes a real gate call. A connection that is older than the switch of a name or a proxy leads to the Redis that was given up, which
   * answers for as long as it lives while gateways are at the other one: where they go on to say that the gate is closed it is asked again over a new one.
   * @returns whether Redis answered
   * @throws ReopenError
   */
  async ask({ epoch, shas }: OpeningScripts): Promise<boolean> {
    const { probe, askAnew, followProbe } = this.#parts
    const opening = { epoch, sha: shas.gate ?? '' }
    try {
      let { status } = await probeGate({ ...this.#parts, caller: probe }, opening)
      if (status === 'OK' && this.#isContradicted()) {
        await askAnew()
        status = (await probeGate({ ...this.#parts, caller: probe }, opening)).status
      }
      if (status === 'CLOSED') throw new ReopenError('the gate answers CLOSED')
      return true
    } catch (error) {
      if (!(error instanceof RedisCallError)) throw error
      if (error.reason !== 'noscript') return false
      await followProbe(opening)
      throw new ReopenError('Redis has lost the scripts, or is another one')
    }
  }

  #isContradicted(): boolean {
    const { rings } = this.#closed
    if (rings === this.#rings) return false
    this.#rings = rings
    const now = performance.now()
    if (now - this.#heardAt > QUIET_MS) this.#since = now
    this.#heardAt = now
    if (now - this.#since < LASTS_MS) return false
    this.#since = now
    return true
  }
}
