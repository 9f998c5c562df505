import t from 'tap'
import { type Came, cameOf, isSettled, pausedWith, pausedWithout } from '../../src/console/browser/came.ts'

/** What is thrown for an answer with a status that is no success. */
const refused = (status: number) => Object.assign(new Error(`said ${status}`), { status })
const lost = new TypeError('Failed to fetch')
const paused = { outcome: 'confirmed', intent: '7' }

/** Gives these answers, one after the other. */
async function came(...answers: ReadonlyArray<object>): Promise<Came> {
  const left = [...answers]
  return cameOf(
    async () => {
      const answer = left.shift()
      if (answer === undefined) throw new Error('asked more often than it should be')
      if (answer instanceof Error) throw answer
      return answer as typeof paused
    },
    answers.slice(1).map(() => 0)
  )
}

t.test('what was paused though its answer was lost is told as paused', async (t) => {
  t.same(await came(lost, paused), { kind: 'done' })
  t.same(await came(refused(503), lost, { ...paused, outcome: 'pending' }), { kind: 'pending' })
  t.same(await came(refused(503), { outcome: 'confirmed' }), { kind: 'before' }, 'that request was never carried out')
  t.same(await came(refused(503), refused(409)), { kind: 'failed', why: 'said 409' }, 'nor was that')
})

t.test('what nothing is known of is called neither done nor failed', async (t) => {
  const unknown = { kind: 'unknown', why: 'Its answer was lost.' }
  t.same(await came(lost), unknown)
  t.same(await came(refused(500), refused(503), lost), unknown)
  t.same(await came(lost, refused(401)), unknown, 'that says who asks, not what became of the first')
  t.same(await came(refused(503), refused(429)), unknown)
})

t.test('what is refused is not asked again', async (t) => {
  for (const status of [400, 401, 403, 404, 409])
    t.same(await cameOf(() => Promise.reject(refused(status)), [0]), { kind: 'failed', why: `said ${status}` })
  t.same(await came(refused(429), paused), { kind: 'done' }, 'but for the rate')
})

t.test('whatever may have been paused together is resumed together', async (t) => {
  const unknown: Came = { kind: 'unknown', why: '' }
  const failed: Came = { kind: 'failed', why: '' }
  t.same(pausedWith(['a'], 'b', unknown), ['a', 'b'])
  t.same(pausedWith(['a', 'b'], 'b', { kind: 'done' }), ['a', 'b'])
  for (const came of [failed, { kind: 'before' } as const]) t.same(pausedWith(['a', 'b'], 'b', came), ['a'])
  for (const came of [failed, unknown]) t.same(pausedWithout(['a', 'b'], 'b', came), ['a', 'b'], 'it is tried again')
  t.same(pausedWithout(['a', 'b'], 'b', { kind: 'done' }), ['a'])
  t.notOk(isSettled(unknown) || isSettled(failed) || isSettled(undefined))
})
