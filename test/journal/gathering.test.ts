import { test } from 'tap'
import { gather, gatherNear } from '../../src/worker/running/gather.ts'

test('while more is there nothing is waited for', async (t) => {
  let isOver = false
  const waiting = gather({ hasMore: true }, { frames: 1, spread: 1 }).then(() => {
    isOver = true
  })
  // no timer is needed for it
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  t.ok(isOver)
  await waiting
})

test('events let rows come near, and no longer', async (t) => {
  let looks = 0
  const reader = {
    hasMore: true,
    get isAhead() {
      looks += 1
      return looks < 4
    }
  }
  await gatherNear(reader, { frames: 128, spread: 1 })
  t.ok(looks <= 4)
  t.ok(looks > 1)
})

test('rows that do not come near hold up no events', async (t) => {
  await gatherNear({ hasMore: true, isAhead: true }, { frames: 128, spread: 1 })
  t.pass('it read on')
})
