import { Gateway } from './parts/gate/gateway.ts'
import { Worker } from './parts/worker.ts'
import type { Process } from './scheduler.ts'
import type { World } from './world.ts'

/** The processes of a run that can be killed, and how they come back. */
export class Cast {
  readonly gateways: readonly Gateway[]
  readonly workers: readonly Process[]
  readonly processes: readonly Process[]
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    const { scheduler } = world
    this.gateways = [1, 2].map((nth) => new Gateway(world, scheduler.process(`gateway${nth}`)))
    this.workers = [1, 2].map((nth) => {
      const process = scheduler.process(`worker${nth}`)
      new Worker(world, process)
      return process
    })
    this.processes = [...this.gateways.map(({ process }) => process), ...this.workers]
  }

  restart(process: Process): void {
    this.#world.trace(`${process.name} starts again`)
    this.#world.reconnect(process)
    process.alive = true
    if (this.#world.scheduler.chance(0.3)) this.#world.earlier.delete(process.name)
    const gateway = this.gateways.find((each) => each.process === process)
    if (gateway) gateway.start()
    else new Worker(this.#world, process)
  }
}
