import { createHmac } from 'node:crypto'

/**
 * The secret part of a spin's number: HMAC-SHA256 of draw, user and key under the draw's seed, as base64url. The script
 * mixes it with the sequence and the draw's previous number, so nobody who knows the seed can choose what he wins.
 * @param place.key the client's key, without the prefix of a replay field
 */
export function drawRandom(seed: Buffer, place: { campaign: string; draw: string; user: string; key: string }): string {
  const { campaign, draw, user, key } = place
  return createHmac('sha256', seed).update(`${campaign}/${draw}\n${user}\n${key}`).digest('base64url')
}
