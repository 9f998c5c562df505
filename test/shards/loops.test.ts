import { test } from 'tap'
import { runLoops } from '../../src/worker/running/loop.ts'
import { waitFor } from '../support/wait.ts'

test('a loop that found nothing to do rests, and one that found something does not', async (t) => {
  const stop = new AbortController()
  const runs = { idle: 0, busy: 0, plain: 0 }
  const loop = (name: keyof typeof runs, gives: number | undefined, restMs?: number) => ({
    name,
    everyMs: 1,
    ...(restMs !== undefined && { restMs }),
    vital: false,
    run: async () => {
      runs[name] += 1
      return gives
    }
  })
  const loops = [loop('idle', 0, 3_600_000), loop('busy', 3, 3_600_000), loop('plain', 0)]
  const running = runLoops(loops, stop.signal, (_name, error) => t.fail(String(error)))
  await waitFor(() => runs.busy > 5 && runs.plain > 5, { what: 'the loops that do not rest' })
  stop.abort()
  await running
  t.equal(runs.idle, 1)
})
