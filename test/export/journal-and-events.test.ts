import { connect } from 'nats'
import t from 'tap'
import { exportEvents } from '../../src/export/events.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { type Verdict, verifyDraw } from '../../src/verify/draw-verifier.ts'
import type { JournalLine } from '../../src/verify/journal-line.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { exportedLines } from '../support/shop/one-draw.ts'
import { play } from '../support/shop/played-draws.ts'
import { atRest, openShop } from '../support/shop/shop.ts'
import { differsInLevelOnly, tamperings } from '../support/toy-gate/tampering.ts'
import { waitFor } from '../support/wait.ts'

const urls = await sharedServers(t)
function difference(verdict: Verdict): string {
  return verdict.ok ? '' : JSON.stringify(verdict.difference)
}

const place = (draw: string) => ({ campaign: 'c', draw })

t.test('what the real gate journaled is verified, exported whole or for one campaign', async (t) => {
  const parts = await openShop(t, urls, { epoch: 1000 })
  await play(parts)
  await atRest(parts)
  const lines = await exportedLines(parts)
  for (const draw of ['wheel', 'vips']) {
    const verdict = verifyDraw(lines, place(draw))
    t.equal(difference(verdict), '')
    t.ok(verdict.ok && verdict.report.spins >= 10)
  }
  const wheelVerdict = verifyDraw(lines, place('wheel'))
  for (const reason of ['exhausted', 'early', 'capped', 'unreleased', 'guaranteed']) {
    t.ok(wheelVerdict.ok && wheelVerdict.report.reasons.has(reason), `${reason} was seen`)
  }

  const own = await exportedLines(parts, { campaign: 'c' })
  t.equal(own.length, lines.length, 'decisions of other campaigns keep their places')
  const others = own
    .slice(1, -1)
    .map((line) => JSON.parse(line) as JournalLine)
    .filter(({ type }) => type === 'other')
  t.ok(others.length > 10)
  t.ok(others.every(({ campaign, key, request, puts }) => campaign + key === '' && request === null && !puts.u))
  t.ok(others.some(({ adds, report }) => adds.u?.['b:points'] === -3 && report.startsWith('|points -3 ')))
  for (const draw of ['wheel', 'vips']) t.equal(difference(verifyDraw(own, place(draw))), '')

  const hidden = await exportedLines(parts, { mask: true })
  t.notMatch(hidden.join(), /\b(?:ann|ben|cid|dan)\b|wheel-1\b/, 'neither users nor keys')
  t.throws(() => verifyDraw(hidden, place('wheel')), /masked/)
  const [second = ''] = lines.slice(40)
  const { id } = JSON.parse(second) as JournalLine
  const later = await exportedLines(parts, { from: id })
  t.same(later.slice(1, -1), lines.slice(40, -1), 'an export may go on where another one ended')

  let tried = 0
  for (const at of [10, 50, 51, 90, 130, 131, 160, lines.length - 21]) {
    const text = lines[at] ?? ''
    const { campaign, activity, type } = JSON.parse(text) as JournalLine
    if (!type.startsWith('spin.') || campaign !== 'c') continue
    for (const { what, text: other } of tamperings(JSON.parse(text) as Record<string, unknown>)) {
      // from the level another set of weights follows only now and then
      if (differsInLevelOnly(text, other)) continue
      tried += 1
      const verdict = verifyDraw(lines.with(at, other), place(activity))
      t.notOk(verdict.ok, `${what}: ${verdict.ok ? `${text} ${other}` : verdict.difference.what}`)
    }
  }
  t.ok(tried > 100, `${tried} changes of fields were tried`)
})

t.test('exported events are those of the public stream', async (t) => {
  const parts = await openShop(t, urls, { epoch: 1000 })
  await play(parts)
  await atRest(parts)
  const names = streamNames(parts.core.config.NAMESPACE)
  const exported: string[] = []
  for await (const { text } of exportEvents(parts.core.pool, { names, shard: 0, campaign: '' })) {
    exported.push(...text.trimEnd().split('\n'))
  }
  const parse = (texts: string[]) =>
    texts.map((text) => JSON.parse(text) as { id: string }).sort((a, b) => (a.id < b.id ? -1 : 1))
  await waitFor(async () => (await told(names.publicStream)).length >= exported.length, {
    what: 'all events on the stream'
  })
  t.same(parse(exported), parse(await told(names.publicStream)))
  t.ok(exported.length > 100)
})

/** Everything on a stream. */
async function told(stream: string): Promise<string[]> {
  const connection = await connect({ servers: urls.natsUrl })
  try {
    const jsm = await connection.jetstreamManager()
    const { state } = await jsm.streams.info(stream)
    const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index)
    const messages = await Promise.all(sequences.map((seq) => jsm.streams.getMessage(stream, { seq })))
    return messages.map((message) => message.string())
  } finally {
    await connection.close()
  }
}
