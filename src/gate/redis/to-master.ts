import { connect as connectPlain } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { AbstractConnector, type RedisOptions } from 'ioredis'
import type { ClusterMap } from './cluster-map.ts'

/** While no node answers, or no master holds the slot: the client itself would give up for good. */
const AGAIN_MS = 200

type MadeWith = Pick<RedisOptions, 'disconnectTimeout' | 'tls'>

/**
 * Makes a plain connection lead to whichever master holds a slot: each time it is made it asks the cluster anew. The client's own
 * cluster mode was rejected: it sends again what was in flight when a connection broke, so an answer would no longer say what was done.
 */
export function toMasterOf(map: ClusterMap, slot: number): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    readonly #tls: RedisOptions['tls']

    constructor(options: unknown) {
      const { disconnectTimeout, tls } = options as MadeWith
      super(disconnectTimeout ?? 0)
      this.#tls = tls
    }

    async connect() {
      this.connecting = true
      while (this.connecting) {
        await map.look().catch(() => {})
        const master = map.masterOf(slot)
        if (master !== undefined && this.connecting) return this.#open(master)
        await delay(AGAIN_MS)
      }
      throw new Error('Connection is closed.')
    }

    #open(master: { readonly host: string; readonly port: number }) {
      this.stream = this.#tls ? connectTls({ ...master, ...this.#tls }) : connectPlain(master)
      this.stream.once('error', (error) => {
        this.firstError = error
      })
      return this.stream
    }
  }
}
