import { hash } from 'node:crypto'

/** Hex digits of a number: 52 bits, which every language with doubles holds exactly. */
const DIGITS = 13

/**
 * What decides a spin: SHA-1 over the secret HMAC, the decision's place and the draw's previous number.
 * @param place `<epoch>-<sequence>`
 * @param previous 13 hex digits, '' for the first spin of a draw
 */
export function spinDigest(random: string, place: string, previous: string): string {
  return hash('sha1', `${random};${place};${previous}`)
}

/** The number of a spin as facts and events show it. */
export function numberOf(digest: string): string {
  return digest.slice(0, DIGITS)
}

/** The index that a digest means in weights, walked in their order. */
export function pickIndex(digest: string, weights: readonly number[]): number {
  return walk(Number.parseInt(digest.slice(0, DIGITS), 16), weights)
}

/** The index that the next digits of a digest mean in the weights of sub-prizes. */
export function pickSubIndex(digest: string, weights: readonly number[]): number {
  return walk(Number.parseInt(digest.slice(DIGITS, 2 * DIGITS), 16), weights)
}

function walk(number: number, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let rest = number % total
  return weights.findIndex((weight) => {
    if (rest < weight) return true
    rest -= weight
    return false
  })
}
