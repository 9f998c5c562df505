import { setTimeout as wait } from 'node:timers/promises'

export interface Patience {
  /** what is waited for, as the error names it */
  readonly what: string
  readonly withinMs: number
  readonly everyMs?: number
}

/** Asks until there is an answer other than undefined. @throws Error naming what did not come in time */
export async function waitFor<Value>(ask: () => Promise<Value | undefined>, patience: Patience): Promise<Value> {
  const end = Date.now() + patience.withinMs
  for (;;) {
    const value = await ask()
    if (value !== undefined) return value
    if (Date.now() >= end) throw new Error(`Waited ${patience.withinMs} ms in vain for ${patience.what}.`)
    await wait(patience.everyMs ?? 50)
  }
}
