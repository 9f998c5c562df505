import { test } from 'tap'
import { Bell, type Loop, runLoops } from '../../src/worker/running/loop.ts'
import { spreadLoop } from '../../src/worker/running/pace.ts'
import { FairShare } from '../../src/worker/shard/fair-share.ts'
import { waitFor } from '../support/wait.ts'

/** Runs loops until it is over, and counts how often each of them ran. */
function run(loops: ReadonlyArray<Omit<Loop, 'run' | 'vital'> & { readonly gives: () => number | undefined }>) {
  const stop = new AbortController()
  const runs: Record<string, number> = {}
  const errors: unknown[] = []
  const counted = loops.map(({ gives, ...loop }) => ({
    ...loop,
    vital: false,
    run: async () => {
      runs[loop.name] = (runs[loop.name] ?? 0) + 1
      return gives()
    }
  }))
  const running = runLoops(counted, stop.signal, (_name, error) => errors.push(error))
  const end = async () => {
    stop.abort()
    await running
    if (errors.length > 0) throw errors[0]
  }
  const ranMoreThan = (name: string, times: number) =>
    waitFor(() => (runs[name] ?? 0) > times, { what: `the loop ${name}` })
  return { runs, end, ranMoreThan }
}

const HOUR = 3_600_000

test('a loop that finds nothing to do rests twice as long each time, and one that finds something does not', async (t) => {
  const startedAt = performance.now()
  const { runs, end, ranMoreThan } = run([
    { name: 'idle', everyMs: 4, restMs: HOUR, gives: () => 0 },
    { name: 'busy', everyMs: 4, restMs: HOUR, gives: () => 3 },
    { name: 'plain', everyMs: 4, gives: () => 0 }
  ])
  await ranMoreThan('busy', 30)
  await ranMoreThan('plain', 30)
  await end()
  const idle = runs.idle ?? 0
  // it rested for 8, 16, 32 ms and so on; a timer may fire a millisecond early
  t.ok(2 ** (idle + 2) - 8 - idle <= performance.now() - startedAt, `${idle} runs`)
})

test('what is stored ends a rest', async (t) => {
  const news = new Bell()
  const { end, ranMoreThan } = run([{ name: 'idle', everyMs: 1, restMs: HOUR, news, gives: () => 0 }])
  for (let times = 1; times <= 5; times += 1) {
    await ranMoreThan('idle', 10 * times)
    // by now it would rest for longer than a second
    news.ring()
  }
  await end()
  t.pass('it went on')
})

test('news that come during a run are not slept over', async (t) => {
  const news = new Bell()
  let rings = 0
  const { end, ranMoreThan } = run([
    {
      name: 'heard',
      everyMs: 1,
      restMs: HOUR,
      news,
      gives: () => {
        if (rings++ < 40) news.ring()
        return 0
      }
    }
  ])
  await ranMoreThan('heard', 40)
  await end()
  t.pass('it never rested')
})

test('a bell begins the next run at once, also one that rang during the last run', async (t) => {
  const bell = new Bell()
  const { end, ranMoreThan } = run([{ name: 'rung', everyMs: HOUR, bell, gives: () => undefined }])
  await ranMoreThan('rung', 0)
  bell.ring()
  await ranMoreThan('rung', 1)
  await end()
  let runs = 0
  const again = run([
    {
      name: 'rung',
      everyMs: HOUR,
      bell,
      gives: () => {
        if (runs++ === 0) bell.ring()
        return undefined
      }
    }
  ])
  await again.ranMoreThan('rung', 1)
  await again.end()
  t.pass('neither was slept over')
})

test('a worker compares and folds as often for four shards together as for one', (t) => {
  const share = new FairShare(8)
  share.counted(1)
  const pace = ['checkpoint', 1000, 4000, new Bell()] as const
  const loop = spreadLoop(
    pace,
    () => share.spread,
    async () => 0
  )
  t.match(loop, { everyMs: 1000, restMs: 4000 }, 'before it holds a shard')
  for (let shard = 0; shard < 4; shard += 1) share.hold(shard)
  t.match(loop, { everyMs: 4000, restMs: 16_000 })
  for (let shard = 4; shard < 8; shard += 1) share.hold(shard)
  t.match(loop, { everyMs: 4000, restMs: 16_000 }, 'and no shard is later than that')
  for (let shard = 1; shard < 8; shard += 1) share.release(shard)
  t.match(loop, { everyMs: 1000, restMs: 4000 })
  t.end()
})
