import type { Process } from '../../scheduler.ts'
import type { World } from '../../world.ts'
import type { Command } from './gate-batch.ts'
import { GateClient, type Outcome } from './gate-client.ts'

/** A gateway process: killed, it forgets everything; started again, it begins anew. */
export class Gateway {
  readonly process: Process
  readonly #world: World
  #gate: GateClient

  constructor(world: World, process: Process) {
    this.#world = world
    this.process = process
    this.#gate = new GateClient(world, process)
  }

  start(): void {
    this.process.alive = true
    this.#gate = new GateClient(this.#world, this.process)
  }

  receive(command: Command, answer: (outcome: Outcome) => void): void {
    // a dead process's port refuses: nothing was done
    if (!this.process.alive) answer({ kind: 'unavailable' })
    else this.#gate.submit(command, answer)
  }
}
