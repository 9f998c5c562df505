import { seededRandom } from '../support/random.ts'

/** A value that comes later; the first one counts. */
export class Future<T> {
  #box: { readonly value: T } | undefined

  get done(): boolean {
    return this.#box !== undefined
  }

  /** @throws Error before it is there */
  get value(): T {
    if (!this.#box) throw new Error('A future was read before it was there.')
    return this.#box.value
  }

  resolve(value: T): void {
    this.#box ??= { value }
  }
}

/** What a process does: each yield is a step boundary, at which it may be paused or killed. */
export type Steps<T = void> = Generator<Future<unknown>, T, void>

export function* wait<T>(future: Future<T>): Steps<T> {
  yield future
  return future.value
}

interface Task {
  readonly steps: Steps<unknown>
  on: Future<unknown> | undefined
}

/** Tasks that share memory and die together. */
export interface Process {
  readonly name: string
  alive: boolean
  paused: boolean
  /** how often it is chosen, against others */
  weight: number
  tasks: Task[]
}

/** The way of messages to a server, or back from it. */
export interface Place {
  weight: number
  paused: boolean
}

export interface Message {
  readonly place: Place
  readonly deliver: () => void
}

interface Timer {
  readonly at: number
  readonly fire: () => void
}

type Choice = { readonly task: Task; readonly process: Process } | { readonly message: Message }

/** One thread that chooses at each step, by a seeded draw, which task goes on or which message arrives. */
export class Scheduler {
  now = 1_000_000
  steps = 0
  /** ms that a step takes on average */
  tickMs = 2
  readonly random: () => number
  readonly processes: Process[] = []
  #messages: Message[] = []
  readonly #timers: Timer[] = []

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** A whole number from 0 to `below` - 1. */
  draw(below: number): number {
    return Math.floor(this.random() * below)
  }

  chance(share: number): boolean {
    return share > 0 && this.random() < share
  }

  /** One of them. @throws Error when there is none */
  pick<T>(items: readonly T[]): T {
    const item = items[this.draw(items.length)]
    if (item === undefined) throw new Error('There is nothing to pick from.')
    return item
  }

  process(name: string): Process {
    const process: Process = { name, alive: true, paused: false, weight: 1, tasks: [] }
    this.processes.push(process)
    return process
  }

  spawn(process: Process, steps: Steps<unknown>): void {
    if (process.alive) process.tasks.push({ steps, on: undefined })
  }

  kill(process: Process): void {
    process.alive = false
    process.tasks = []
  }

  send(message: Message): void {
    this.#messages.push(message)
  }

  at(time: number, fire: () => void): void {
    let index = this.#timers.length
    while (index > 0 && (this.#timers[index - 1]?.at ?? 0) < time) index -= 1
    // the earliest stands last
    this.#timers.splice(index, 0, { at: time, fire })
  }

  sleep(ms: number): Future<void> {
    const future = new Future<void>()
    this.at(this.now + ms, () => future.resolve())
    return future
  }

  /** Lets time pass while nothing happens, as when every process of a machine stood still. */
  jump(ms: number): void {
    this.now += ms
  }

  /** One step; false when nothing will ever happen again. */
  step(): boolean {
    this.steps += 1
    this.now += this.draw(this.tickMs * 2 + 1)
    this.#fireTimers()
    for (;;) {
      const choice = this.#choose()
      if (choice) {
        this.#take(choice)
        return true
      }
      const next = this.#timers.at(-1)
      if (!next) return false
      this.now = Math.max(this.now, next.at)
      this.#fireTimers()
    }
  }

  #fireTimers(): void {
    for (let last = this.#timers.at(-1); last && last.at <= this.now; last = this.#timers.at(-1)) {
      this.#timers.pop()
      last.fire()
    }
  }

  #choose(): Choice | undefined {
    let total = 0
    for (const message of this.#messages) total += weightOf(message.place)
    for (const process of this.processes) {
      const weight = weightOf(process)
      if (weight === 0) continue
      for (const { on } of process.tasks) if (on === undefined || on.done) total += weight
    }
    if (total === 0) return undefined
    let mark = this.random() * total
    for (const message of this.#messages) {
      mark -= weightOf(message.place)
      if (mark < 0) return { message }
    }
    for (const process of this.processes) {
      const weight = weightOf(process)
      if (weight === 0) continue
      for (const task of process.tasks) {
        if (task.on !== undefined && !task.on.done) continue
        mark -= weight
        if (mark < 0) return { task, process }
      }
    }
    return this.#choose()
  }

  #take(choice: Choice): void {
    if ('message' in choice) {
      const index = this.#messages.indexOf(choice.message)
      this.#messages.splice(index, 1)
      choice.message.deliver()
      return
    }
    const { task, process } = choice
    const result = task.steps.next()
    if (!result.done) task.on = result.value
    else process.tasks = process.tasks.filter((other) => other !== task)
  }
}

function weightOf(place: Place): number {
  return place.paused ? 0 : place.weight
}
