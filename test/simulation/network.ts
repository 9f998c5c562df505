import { Future, type Place, type Process, type Scheduler, type Steps, wait } from './scheduler.ts'

/** A server that answers one request at a time; a restart breaks every connection. */
export interface Server extends Place {
  readonly name: ServerName
  up: boolean
  incarnation: number
}

export type ServerName = 'redis' | 'nats' | 'postgres' | 'gateway'

/** The server answered with an error: the request did nothing. */
export class ServerError extends Error {}

/** The server answered with an error, and what was done before it stays done. */
export class HalfDone extends ServerError {}

/** `unknown`: sent, and the answer did not come; the request may be carried out still. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly done: 'nothing' | 'unknown'; readonly error: string }

interface Request<T> {
  /** names the step boundaries around it */
  readonly name: string
  readonly run: () => T
  readonly deadlineMs: number
}

/** Moments of a request at which faults are aimed. */
export const moments = ['before', 'done', 'answered'] as const
export type Moment = (typeof moments)[number]

/** Shares of what goes wrong on the way to a server and back. */
export interface Losses {
  readonly request: number
  readonly reply: number
  /** requests that arrive seconds later */
  readonly late: number
}

interface NetworkOptions {
  readonly scheduler: Scheduler
  readonly losses: (server: ServerName) => Losses
  readonly observe: (name: string, moment: Moment, from: Process) => void
}

/** A boundary at which a process stops that was killed or paused in its own step. */
function now(): Future<void> {
  const future = new Future<void>()
  future.resolve()
  return future
}

const unknown = (error: string) => ({ ok: false, done: 'unknown', error }) as const

/** Carries requests to servers and replies back, in any order, late, or not at all. */
export class Network {
  readonly #options: NetworkOptions
  /** the way back */
  readonly wire: Place = { weight: 1, paused: false }

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  /** Never throws; ends at the deadline at the latest, which does not stop the request. */
  *call<T>(from: Process, server: Server, request: Request<T>): Steps<Reply<T>> {
    const { scheduler, losses, observe } = this.#options
    const future = new Future<Reply<T>>()
    observe(request.name, 'before', from)
    if (!from.alive || from.paused) yield* wait(now())
    if (!server.up) {
      yield* wait(scheduler.sleep(20))
      return { ok: false, done: 'nothing', error: `${server.name} is not connected` }
    }
    const { incarnation } = server
    const loss = losses(server.name)
    if (!scheduler.chance(loss.request)) {
      const deliver = () => {
        if (!server.up || server.incarnation !== incarnation) {
          future.resolve(unknown('the connection broke'))
          return
        }
        const result = execute(request.run)
        observe(request.name, 'done', from)
        if (scheduler.chance(loss.reply)) return
        scheduler.send({ place: this.wire, deliver: () => future.resolve(result) })
      }
      scheduler.send({ place: scheduler.chance(loss.late) ? this.#detour() : server, deliver })
    }
    scheduler.at(scheduler.now + request.deadlineMs, () => future.resolve(unknown('no answer in time')))
    const reply = yield* wait(future)
    observe(request.name, 'answered', from)
    if (!from.alive || from.paused) yield* wait(now())
    return reply
  }

  #detour(): Place {
    const { scheduler } = this.#options
    const place = { weight: 1, paused: true }
    scheduler.at(scheduler.now + 100 + scheduler.draw(3000), () => {
      place.paused = false
    })
    return place
  }
}

function execute<T>(run: () => T): Reply<T> {
  try {
    return { ok: true, value: run() }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    return { ok: false, done: error instanceof HalfDone ? 'unknown' : 'nothing', error: error.message }
  }
}
