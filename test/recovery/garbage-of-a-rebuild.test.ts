import t from 'tap'
import type { RestoredHash } from '../../src/gate/redis/opening-scripts.ts'
import { RestoreCalls } from '../../src/recovery/open/write-redis.ts'

const BYTES = 1200
/** More than is written between two collections. */
const HASHES = 40_000

t.test('what a rebuild has written is collected while it goes on', async (t) => {
  const seen: Array<WeakRef<RestoredHash>> = []
  const restore = async (chunk: readonly RestoredHash[]) => {
    const [first] = chunk
    if (first) seen.push(new WeakRef(first))
    // a WeakRef keeps its object until the turn of the event loop ends
    await new Promise((resolve) => setImmediate(resolve))
    return chunk.length
  }
  const calls = new RestoreCalls({
    scripts: { restore } as unknown as ConstructorParameters<typeof RestoreCalls>[0]['scripts']
  })
  for (let nth = 0; nth < HASHES; nth += 500) {
    const page = Array.from({ length: 500 }, (_, at) => ({
      key: `u:${nth + at}`,
      text: `[[],["${'x'.repeat(BYTES)}"]]`
    }))
    await calls.write(page)
  }
  await calls.end()
  t.equal(calls.created, HASHES)
  const left = seen.filter((hash) => hash.deref() !== undefined).length
  t.ok(left < seen.length / 2, `${left} of ${seen.length} are left`)
})
