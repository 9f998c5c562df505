import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { playFiles } from '../support/running/play-files.ts'
import { temporaryFolder } from '../support/servers/servers.ts'

t.test('a file has passed when its tests ended and all of them passed, and only then', async (t) => {
  const root = temporaryFolder(t)
  const files = {
    'passes.mjs': 'console.log("ok 1 - x\\n1..1")',
    'fails.mjs': 'console.log("not ok 1 - x\\n1..1"); process.exitCode = 1',
    'leaves.mjs': 'console.log("ok 1 - x"); process.exit(0)',
    'dies.mjs': 'console.log("ok 1 - x\\n1..1"); process.kill(process.pid, "SIGKILL")',
    'breaks.mjs': 'console.log("1..0"); process.exitCode = 3'
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text)
  const ended = new Map<string, string>()
  await playFiles(Object.keys(files), {
    root,
    jobs: 2,
    env: process.env,
    fileSeconds: 600,
    ended: (file, lines) => {
      const [, result = '', named] = /^(ok|not ok) \d+ - (.*?) # time=\d+ms$/.exec(lines.at(-1) ?? '') ?? []
      t.equal(named, file)
      const why = lines.find((line) => line.includes(`# ${file}: `))
      ended.set(file, `${result}${why?.replace(/.*: /, ': ') ?? ''}`)
    }
  })
  t.same(Object.fromEntries(ended), {
    'passes.mjs': 'ok',
    'fails.mjs': 'not ok: ended with exit code 1',
    'leaves.mjs': 'not ok: it ended before its tests did',
    'dies.mjs': 'not ok: ended with SIGKILL',
    'breaks.mjs': 'not ok: ended with exit code 3'
  })
})
