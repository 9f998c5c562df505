/**
 * SHA-256 in plain JavaScript: WebCrypto gives each hash as a promise, which takes several times as long as the hash. All that it needs is inside,
 * so that its text can be sent to a Worker.
 * @returns a function that hashes bytes to eight numbers of 32 bits; the array is the same one at each call
 */
export function createSha256(): (bytes: Uint8Array) => Uint32Array {
  // the first 32 bits of what follows the point in roots of primes, as the standard has it: cube roots, and square roots of the first eight
  const primes: number[] = []
  for (let next = 2; primes.length < 64; next += 1) if (primes.every((prime) => next % prime !== 0)) primes.push(next)
  const bits = (root: number) => ((root % 1) * 2 ** 32) | 0
  const rounds = Int32Array.from(primes, (prime) => bits(Math.cbrt(prime)))
  const start = Int32Array.from(primes.slice(0, 8), (prime) => bits(Math.sqrt(prime)))
  const words = new Int32Array(64)
  const state = new Int32Array(8)
  const result = new Uint32Array(state.buffer)

  function mix(): void {
    for (let at = 16; at < 64; at += 1) {
      const near = words[at - 2] ?? 0
      const far = words[at - 15] ?? 0
      const one = ((near >>> 17) | (near << 15)) ^ ((near >>> 19) | (near << 13)) ^ (near >>> 10)
      const two = ((far >>> 7) | (far << 25)) ^ ((far >>> 18) | (far << 14)) ^ (far >>> 3)
      words[at] = (one + (words[at - 7] ?? 0) + two + (words[at - 16] ?? 0)) | 0
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
    for (let at = 0; at < 64; at += 1) {
      const turned = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const first = (h + turned + ((e & f) ^ (~e & g)) + (rounds[at] ?? 0) + (words[at] ?? 0)) | 0
      const again = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const second = (again + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    const mixed = [a, b, c, d, e, f, g, h]
    for (let at = 0; at < 8; at += 1) state[at] = (state[at] ?? 0) + (mixed[at] ?? 0)
  }

  return (bytes) => {
    state.set(start)
    const blocks = Math.floor((bytes.length + 8) / 64) + 1
    for (let block = 0; block < blocks; block += 1) {
      words.fill(0, 0, 16)
      const end = Math.min(64, bytes.length - block * 64)
      for (let at = 0; at <= end && at < 64; at += 1) {
        const place = block * 64 + at
        const value = place === bytes.length ? 0x80 : (bytes[place] ?? 0)
        words[at >> 2] = (words[at >> 2] ?? 0) | (value << (24 - (at % 4) * 8))
      }
      if (block === blocks - 1) {
        words[14] = Math.floor(bytes.length / 2 ** 29)
        words[15] = bytes.length * 8
      }
      mix()
    }
    return result
  }
}
