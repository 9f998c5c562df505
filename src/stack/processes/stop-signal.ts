import { FloodgateError } from '../../base/errors.ts'

/** A request of a person or of the system to stop the stack. */
export interface StopSignal {
  /** resolves at the first signal, with its name */
  readonly requested: Promise<NodeJS.Signals>
  /** resolves at the second signal: stop without waiting */
  readonly hurry: Promise<void>
  isRequested(): boolean
  /** Restores the default handling of the signals. */
  close(): void
}

/** The stack was told to stop while it was still starting. */
export class Interrupted extends FloodgateError {
  readonly code = 'interrupted'
  readonly meaning = 'What had been started is stopped again.'
  readonly remedy = 'Start it again: npm start'
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Signals this close are one: a Ctrl-C arrives twice when npm passes on what the terminal sent to both processes. */
const sameSignalMs = 500

/** Listens for SIGINT and the other stop signals, from now until close(). */
export function listenForStop(): StopSignal {
  let first = 0
  let request: (signal: NodeJS.Signals) => void
  let hasten: () => void
  const requested = new Promise<NodeJS.Signals>((resolve) => {
    request = resolve
  })
  const hurry = new Promise<void>((resolve) => {
    hasten = resolve
  })
  const onSignal = (signal: NodeJS.Signals): void => {
    if (first === 0) {
      first = performance.now()
      request(signal)
    } else if (performance.now() - first > sameSignalMs) {
      hasten()
    }
  }
  for (const signal of signals) process.on(signal, onSignal)
  return {
    requested,
    hurry,
    isRequested: () => first !== 0,
    close: () => {
      for (const signal of signals) process.off(signal, onSignal)
    }
  }
}
