import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { sharedServers, temporaryFolder } from '../support/servers/servers.ts'
import { fixedSeed, spin, storeSeed } from '../support/shop/one-draw.ts'
import { type ActivitySpec, openActivity } from '../support/shop/participation.ts'
import { atRest, decisionOf, openShop } from '../support/shop/shop.ts'

const urls = await sharedServers(t)
const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

const wheel: ActivitySpec = {
  campaign: 'c',
  activity: 'wheel',
  kind: 'draw',
  rules: {
    prizes: 'first,thanks',
    weights: '0:1,3',
    fallback: 'thanks',
    'prize:first': '1;physical;1;0;0;0;0;;',
    'prize:thanks': '9;nothing;0;0;0;0;0;;'
  },
  stock: { first: 2 }
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `floodgate <args>`; `reads`: ends the reading of its output after the first chunk, as head does. */
function run(args: readonly string[], env: Record<string, string>, reads: 'all' | 'some' = 'all'): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args], { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' })
  child.stdin.end()
  const ended = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    ended.out += chunk
    if (reads === 'some') child.stdout.destroy()
  })
  child.stderr.on('data', (chunk) => {
    ended.err += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...ended })))
}

t.test('a draw is exported and verified by commands', async (t) => {
  const shop = await openShop(t, urls, { epoch: 3000 })
  const seed = fixedSeed('commands')
  await storeSeed(shop.core.pool, wheel, seed)
  decisionOf(await shop.gate.submit(openActivity(wheel)))
  for (let number = 0; number < 20; number++) {
    decisionOf(await shop.gate.submit(spin(wheel, `user-${number % 3}`, { seed, name: `key-${number}` })))
  }
  await atRest(shop)
  const { NAMESPACE, DATABASE_URL } = shop.core.config
  const here = { NAMESPACE, DATABASE_URL, FLOODGATE_HOME: '/nowhere' }
  const folder = temporaryFolder(t)
  const file = join(folder, 'journal.ndjson')

  const written = await run(['export', 'journal', '--campaign', 'c', '--output', file], here)
  t.match(written, { code: 0, out: '', err: /^22 lines written to .*journal\.ndjson\n$/ })
  t.notOk(existsSync(`${file}.part`))
  const piped = await run(['export', 'journal', '--campaign', 'c'], here)
  // the header tells when it was written, and the end sums up the header too
  const body = (text: string) => text.trimEnd().split('\n').slice(1, -1)
  t.same(body(piped.out), body(readFileSync(file, 'utf8')), 'the same on the standard output')
  t.equal((await run(['export', 'journal'], here, 'some')).code, 0, 'a reader that has enough is no error')
  const events = await run(['export', 'events', '--campaign', 'c', '--from', '0-3000-3'], here)
  t.equal(events.out.trimEnd().split('\n').length, 20)
  t.match(JSON.parse(events.out.slice(0, events.out.indexOf('\n'))), { specversion: '1.0', id: '0-3000-3' })

  const verify = (of: string, ...more: string[]) =>
    run(['verify-draw', of, '--campaign', 'c', '--draw', 'wheel', ...more], { FLOODGATE_HOME: '/nowhere' })
  const good = await verify(file)
  t.equal(good.code, 0, good.err)
  t.match(
    good.out,
    /^Draw c\/wheel: every spin is as it must be\.\n.*spins +20 by 3 users.*prizes +first 2, thanks 18/s
  )
  const forged = join(folder, 'forged.ndjson')
  writeFileSync(forged, readFileSync(file, 'utf8').replace(/("id":"0-3000-7".*"user":")user-\d/, '$1friend'))
  const bad = await verify(forged)
  t.equal(bad.code, 1)
  t.match(
    bad.out,
    /^Draw c\/wheel: decision 0-3000-7 \(line 8\) is not as it must be: the number\.\n +expected +\w+\n +found/
  )
  const whole = readFileSync(file, 'utf8').trimEnd().split('\n')
  const winner = whole.findIndex((line) => line.includes('"type":"spin.won"'))
  writeFileSync(forged, `${whole.toSpliced(winner, 1).join('\n')}\n`)
  t.match(await verify(forged), {
    code: 1,
    out: /is not as it must be: .*\n.*missing +1 decision of this epoch before it/s
  })
  writeFileSync(forged, `${whole.slice(0, -1).join('\n')}\n`)
  t.match(await verify(forged), { code: 1, out: '', err: /The file is cut off/ })
  t.match(await verify(file, file), { code: 1, out: /as it must be/, err: /is of shard 0, as a file before it/ })
  const wrongSeed = await verify(file, '--seed', 'ab'.repeat(32))
  t.match(wrongSeed, { code: 1, out: /line 1 is not as it must be: the SHA-256 of the seed/ })

  for (const [args, err] of [
    [['export', 'journal', '--campaign', 'none'], /There is no campaign "none"/],
    [['export', 'journal', '--from', 'here'], /--from "here" is not a decision id of shard 0/],
    [['export', 'journal', '--shard', '4'], /There is no shard 4/],
    [['export', 'journal', '--output', '/no/such/folder/file'], /its folder is not there/],
    [['export', 'journal', '--output', folder], /it is a folder/],
    [['verify-draw', '/no/such/file', '--campaign', 'c', '--draw', 'd'], /cannot be read: ENOENT/],
    [['verify-draw', folder, '--campaign', 'c', '--draw', 'd'], /cannot be read: EISDIR/],
    [['verify-draw', cli, '--campaign', 'c', '--draw', 'd'], /It is no exported journal/],
    [['verify-draw', file, '--campaign', 'c', '--draw', 'd'], /knows no draw c\/d/],
    [['verify-draw', file, '--campaign', 'c', '--draw', 'wheel', '--commitment', 'x'], /64 hex digits/],
    [['verify-draw', file, '--campaign', 'c'], /--draw <id>/]
  ] as const) {
    const refused = await run(args, here)
    t.match(refused, { code: 1, out: '', err }, args.join(' '))
    t.notMatch(refused.err, /\n\s+at /, 'no stack trace')
  }
  t.match(await run(['export', 'journal'], { FLOODGATE_HOME: '/nowhere' }), { code: 1, err: /DATABASE_URL is not set/ })
})
