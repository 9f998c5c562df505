import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { campaignOfKey } from '../../record/keys.ts'
import type { Item } from '../batch/encode.ts'

/** How long the same wish is not said again; the owner keeps it for longer. */
const AGAIN_MS = 100
const REMEMBERED = 1000

const WishSchema = Type.Object({
  campaign: Type.String(),
  key: Type.String({ minLength: 1 }),
  field: Type.String({ minLength: 1 }),
  units: Type.Integer({ minimum: 1 })
})

const wish = Compile(WishSchema)

/** Units of an item that somebody waits for in a shard. */
export interface Wish extends Item {
  readonly campaign: string
  readonly units: number
}

/** Reads what a gateway said; undefined where it is no wish: anybody may publish on a subject. */
export function parseWish(text: string): Wish | undefined {
  try {
    const said: unknown = JSON.parse(text)
    return wish.Check(said) ? said : undefined
  } catch {
    return undefined
  }
}

/** Tells the owner of a shard what is missing there. Nothing rests on it: who waits asks the gate again. */
export class Wishes {
  readonly #say: (text: string) => void
  readonly #said = new Map<string, number>()

  constructor(say: (text: string) => void) {
    this.#say = say
  }

  want({ key, field }: Item, units: number): void {
    const text = JSON.stringify({ campaign: campaignOfKey(key) ?? '', key, field, units } satisfies Wish)
    const now = performance.now()
    if (now - (this.#said.get(text) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return
    if (this.#said.size >= REMEMBERED) this.#said.clear()
    this.#said.set(text, now)
    this.#say(text)
  }
}
