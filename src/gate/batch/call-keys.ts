import { elsewhereKey, logical, shardKeys, stockPlaceOf } from '../../record/keys.ts'

const POOL = 'pool/'

/** Whose keys a call names. */
export interface KeyPlace {
  readonly prefix: string
  /** whether there are several shards: then what is missing here may be elsewhere */
  readonly hasPeers?: boolean
}

/** The keys of one call, each once; what names one has its place in the list, from 1. */
export class Keys {
  readonly list: string[]
  readonly #prefix: string
  readonly #index = new Map<string, number>()

  constructor({ prefix, hasPeers = false }: KeyPlace) {
    this.#prefix = prefix
    this.list = hasPeers ? [...shardKeys(prefix), elsewhereKey(prefix)] : shardKeys(prefix)
  }

  placeLogical(key: string): number {
    return this.place(this.#prefix + key)
  }

  place(key: string): number {
    const known = this.#index.get(key)
    if (known !== undefined) return known
    this.list.push(key)
    this.#index.set(key, this.list.length)
    return this.list.length
  }

  /** Adds c:, a: and s: next to each other; the index is that of the first. */
  placeActivity(campaign: string, activity: string): number {
    const name = `${campaign}/${activity}`
    const known = this.#index.get(name)
    if (known !== undefined) return known
    const first = this.list.length + 1
    this.list.push(
      this.#prefix + logical.campaign(campaign),
      this.#prefix + logical.activity(campaign, activity),
      this.#prefix + logical.stock(campaign, activity)
    )
    this.#index.set(name, first)
    return first
  }

  /** Stock, that of an activity behind its rules, which say what of it may be lent. */
  placeStock(key: string): number {
    const { campaign, activity = '' } = stockPlaceOf(key) ?? {}
    if (campaign === undefined || activity.startsWith(POOL)) return this.placeLogical(key)
    return this.placeActivity(campaign, activity) + 2
  }
}
