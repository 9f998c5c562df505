import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { textOf } from '../../src/base/errors.ts'
import { secondsOf } from '../../src/cli/run/time-span.ts'
import { lastWords } from '../../src/stack/children.ts'
import { fileError } from '../../src/stack/errors.ts'
import { loadSecrets, openHome, readStackFile, type StackFile } from '../../src/stack/home.ts'
import { takeLock } from '../../src/stack/lock.ts'
import { isZombie, startTimeOf } from '../../src/stack/processes/processes.ts'
import { restartDelay, supervise } from '../../src/stack/processes/supervise.ts'
import { summarizeTap } from '../support/running/tap-summary.ts'
import { temporaryFolder } from '../support/servers/servers.ts'
import { waitFor } from '../support/wait.ts'

t.test('a home is made where none is, and opened again', async (t) => {
  const folder = join(temporaryFolder(t), 'deep', 'home')
  const home = openHome(folder)
  t.equal(openHome(folder), home)
  t.same(readdirSync(home), ['floodgate-home.json'])
})

t.test('a folder with something else in it is no home, and nothing in it changes', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'letter.txt'), 'mine')
  t.throws(() => openHome(folder), {
    message: /not empty and not the home of a Floodgate stack/,
    remedy: /FLOODGATE_HOME/
  })
  t.same(readdirSync(folder), ['letter.txt'])
  t.throws(() => openHome(join(folder, 'letter.txt')), { message: /in the way/ })
})

t.test('a home that no disk takes is refused with words', async (t) => {
  t.throws(() => openHome('/proc/no/home'), {
    name: 'CommandError',
    message: /\/proc\/no\/home cannot be (made|written)/,
    remedy: /FLOODGATE_HOME/
  })
})

t.test('secrets are made once and readable by their owner alone', async (t) => {
  const home = openHome(temporaryFolder(t))
  const secrets = loadSecrets(home)
  t.same(loadSecrets(home), secrets)
  t.equal(statSync(join(home, 'secrets.json')).mode & 0o777, 0o600)
  t.same(Object.keys(secrets.operators), ['operator-1', 'operator-2'])
  t.ok(secrets.tokenSecret.length >= 32)
  const { redisPassword: _redis, natsPassword: _nats, ...before } = secrets
  writeFileSync(join(home, 'secrets.json'), JSON.stringify(before))
  t.match(loadSecrets(home), before, 'those of an earlier version stay')
  t.match(loadSecrets(home), { redisPassword: /^[\w-]{43}$/, natsPassword: /^[\w-]{43}$/ })
  t.same(loadSecrets(home), loadSecrets(home))
  writeFileSync(join(home, 'secrets.json'), '{"tokenSecret": ')
  t.throws(() => loadSecrets(home), { message: /secrets\.json is damaged: it is not JSON/ })
  writeFileSync(join(home, 'secrets.json'), '{"tokenSecret": "short", "operators": {}}')
  t.throws(() => loadSecrets(home), { message: /secrets\.json is damaged: .*tokenSecret/ })
})

t.test('stack.json is absent, read, or named as damaged', async (t) => {
  const home = openHome(temporaryFolder(t))
  t.equal(readStackFile(home), undefined)
  const urls = {
    publicUrl: 'http://a',
    adminUrl: 'http://b',
    redisUrl: 'c',
    natsUrl: 'd',
    natsUser: 'h',
    natsPassword: 'i',
    databaseUrl: 'e'
  }
  const pids = { redis: [1], nats: [2], postgres: [3], gateway: [4, 5], worker: [6] }
  const stack: StackFile = { ...urls, tokenSecret: 'f', operators: { 'operator-1': 'g' }, pids }
  writeFileSync(join(home, 'stack.json'), JSON.stringify(stack))
  t.same(readStackFile(home), stack)
  writeFileSync(join(home, 'stack.json'), '{}')
  t.throws(() => readStackFile(home), { message: /stack\.json is damaged/ })
})

t.test('a lock is held by a living process only', async (t) => {
  const home = openHome(temporaryFolder(t))
  const lock = takeLock(home)
  t.throws(() => takeLock(home), { message: new RegExp(`already running in .* \\(process ${process.pid}\\)`) })
  t.throws(
    () => takeLock(home),
    { message: /already running/, remedy: /FLOODGATE_HOME=\S+ PORT=0 ADMIN_PORT=0 npm start/ },
    'on ports of its own'
  )
  lock.release()
  t.same(readdirSync(home), ['floodgate-home.json'], 'a released lock leaves nothing')

  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(other, 'spawn')
  const pid = other.pid ?? 0
  writeFileSync(join(home, 'up.lock'), `${pid} ${startTimeOf(pid)}`)
  t.throws(() => takeLock(home), { message: /already running/ })
  writeFileSync(join(home, 'up.lock'), `${pid} 1`)
  takeLock(home).release()
  t.pass('a later process with the id of the dead holder does not hold it')
  writeFileSync(join(home, 'up.lock'), `${pid} ${startTimeOf(pid)}`)
  other.kill('SIGKILL')
  await once(other, 'exit')
  takeLock(home).release()
  writeFileSync(join(home, 'up.lock'), 'rubbish')
  takeLock(home).release()
  t.same(readdirSync(home), ['floodgate-home.json'])
})

t.test('errors of the file system say what to do', async (t) => {
  const error = (code: string): Error => fileError(Object.assign(new Error(code), { code }), '/data/x')
  t.match(error('ENOSPC').message, /The disk is full: \/data\/x/)
  t.match(textOf(error('EROFS')), /cannot be written.*FLOODGATE_HOME/s)
  t.equal(error('EWHATEVER').message, 'EWHATEVER')
})

t.test('a process that dies is started again within a second, and later each time when it dies at once', async (t) => {
  t.equal(restartDelay(0, 0), 200)
  t.equal(restartDelay(200, 100), 400)
  t.equal(restartDelay(6400, 100), 10_000)
  t.equal(restartDelay(10_000, 100), 10_000)
  t.equal(restartDelay(10_000, 5000), 200)
})

t.test('a supervised process comes back after SIGKILL, tells its processes, and ends when asked', async (t) => {
  const folder = temporaryFolder(t)
  const script = join(folder, 'child.mjs')
  const forks = "import { spawn } from 'node:child_process'\nconst fork = spawn('sleep', ['60'])\n"
  const tell = "process.send({ type: 'pids', pids: [process.pid, fork.pid] })\n"
  const end = "process.on('SIGTERM', () => { fork.kill(); process.exit(0) })\nconsole.log('started')\n"
  writeFileSync(script, `${forks}${tell}${end}`)
  const ends: string[] = []
  const child = supervise({
    name: 'child',
    file: process.execPath,
    args: [script],
    env: process.env,
    logFile: join(folder, 'child.log'),
    onPids: () => undefined,
    onEnd: (how) => ends.push(how)
  })
  t.teardown(() => child.stop(0))
  await waitFor(() => child.pids().length === 2, { what: 'its pids' })
  const [first = 0, fork = 0] = child.pids()
  process.kill(first, 'SIGKILL')
  await waitFor(() => child.pids().length === 2 && child.pids()[0] !== first, {
    what: 'the next one'
  })
  t.same(ends, ['signal SIGKILL'])
  await waitFor(() => startTimeOf(fork) === '' || isZombie(fork), { what: 'what it forked to end with it' })
  await waitFor(() => child.log() === 'started\n', { what: 'the log of the second' })
  await child.stop(5000)
  t.same(child.pids(), [])
  t.equal(ends.length, 1, 'an end that was asked for is not told')
})

t.test('a process that cannot even start is tried again without harm', async (t) => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'log-is-a-folder'))
  let ends = 0
  const onEnd = (): void => {
    ends++
  }
  const common = { name: 'x', args: [], env: {}, onPids: () => undefined, onEnd }
  const missing = supervise({ ...common, file: '/no/such/program', logFile: join(folder, 'x.log') })
  const unloggable = supervise({ ...common, file: process.execPath, logFile: join(folder, 'log-is-a-folder') })
  t.teardown(() => Promise.all([missing.stop(0), unloggable.stop(0)]))
  await waitFor(() => missing.ends().count >= 2 && unloggable.ends().count >= 2)
  t.match(missing.ends().last, /ENOENT/)
  t.match(unloggable.ends().last, /EISDIR/)
  t.ok(ends >= 4)
})

t.test('of a log only its last complaints are repeated', async (t) => {
  const line = (level: number, msg: string): string => JSON.stringify({ level, msg })
  t.equal(lastWords([line(30, 'fine'), line(50, 'broken'), ''].join('\n')), 'broken')
  t.equal(lastWords('Error: no\n    at file.js:1\n\nNode.js v20.20.2\n'), 'Error: no')
  t.equal(lastWords(line(30, 'fine')), line(30, 'fine'))
  t.equal(lastWords(''), 'it wrote nothing to its log')
})

t.test('times of tokens are read with their unit, and nothing else is', async (t) => {
  t.same(
    ['90s', '30m', '1h', '7d'].map((text) => secondsOf('--ttl', text)),
    [90, 1800, 3600, 604_800]
  )
  for (const text of ['', '1', 'h', '0s', '-1h', '1.5h', '1w', '1h ', '9999999s']) {
    t.throws(() => secondsOf('--ttl', text), { message: /is not a time/ }, JSON.stringify(text))
  }
})

t.test('the tests of a run are counted from its TAP', async (t) => {
  const tap = [
    'TAP version 14',
    '# Subtest: a.test.js',
    '    # Subtest: one',
    '        ok 1 - x',
    '        not ok 2 - y # TODO',
    '    ok 1 - one # time=1ms',
    '    not ok 2 - two # time=1ms',
    '    ok 3 - three # SKIP because',
    '    not ok 4 - four # TODO',
    'not ok 1 - a.test.js # time=2ms',
    '# Subtest: b.test.js',
    'not ok 2 - b.test.js # time=2ms',
    'ok 3 - c.test.js # time=2ms'
  ]
  t.same(summarizeTap(tap.join('\n')), { passed: 1, failed: 2, failures: ['two', 'b.test.js'] })
  t.same(summarizeTap('Bail out! no'), { passed: 0, failed: 1, failures: ['Bail out! no'] })
})
