import { createHmac, type KeyObject } from 'node:crypto'

/** What makes a spin this one: of whom, in which draw, under which key. */
interface SpinName {
  readonly campaign: string
  readonly draw: string
  readonly user: string
  /** the Idempotency-Key, without the `u:` of the replay field */
  readonly key: string
}

/**
 * The gateway's part of a spin's number: base64url of HMAC-SHA256(seed, `<campaign>/<draw>\n<user>\n<key>`). The gate
 * mixes in its sequence and the draw's previous number; none of the names can contain a newline.
 */
export function drawRandom(seed: Buffer | KeyObject, { campaign, draw, user, key }: SpinName): string {
  return createHmac('sha256', seed).update(`${campaign}/${draw}\n${user}\n${key}`).digest('base64url')
}
