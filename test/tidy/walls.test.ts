import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { test } from 'tap'
import { codeOnly, findAll, readFiles, type SourceFile, textsOnly, withoutComments } from '../support/source.ts'

const src = readFiles('src', '.ts')

/** Files of src that are in none of these folders. stack and its doctor start servers and ask what nothing else knows yet. */
function outside(...folders: string[]): SourceFile[] {
  return src.filter(({ path }) => ![...folders, 'stack'].includes(path.split(sep)[1] ?? ''))
}

function everywhere(files: readonly SourceFile[], pattern: RegExp, what: string): string[] {
  return files.flatMap((file) => findAll(file, pattern, what))
}

// what a client of Redis is asked for: methods that nothing else in src has, and any method of what is called redis
const REDIS_METHOD =
  /\.(?:h(?:get|getall|mget|set|del|len|keys|scan|strlen|incrby)|x(?:add|del|len|range|revrange|trim)|z(?:add|range|rem)|s(?:add|rem|members)|scan|multi|pipeline|eval|evalsha|unlink|mget|incrby|pexpire)\(|\bredis\.\w+\(/g
// and through a caller, by name
const REDIS_COMMAND = /\.call\(\s*'[A-Z]+'/g

test('each client of a server is used by one folder', async (t) => {
  const owners = { nats: 'journal', pg: 'store' }
  for (const [client, owner] of Object.entries(owners)) {
    const imported = new RegExp(`^import (?!type )(?!\\{ type \\w+ \\}).* from '${client}'`, 'gm')
    t.strictSame(everywhere(outside(owner), imported, `${client} is used outside of src/${owner}`), [])
  }
  // not even as a type: who holds a client may ask it. src/config/redis-url.ts makes its settings
  const others = outside('gate', 'config')
  t.strictSame(everywhere(others, /^import .* from 'ioredis'/gm, 'ioredis is used outside of src/gate'), [])
})

test('OpenTelemetry is an optional package: one file imports it, which is loaded where there is an endpoint', async (t) => {
  const others = src.filter(({ path }) => path !== 'src/tracing/open-telemetry.ts')
  const imported = /^import (?!type ).* from '@opentelemetry|(?:import|from) '(?:\.\.?\/)[^']*open-telemetry\.ts'/gm
  t.strictSame(everywhere(others, imported, 'OpenTelemetry is loaded'), [])
})

test('Redis is asked in the gate alone', async (t) => {
  const others = outside('gate')
  t.strictSame(everywhere(others.map(codeOnly), REDIS_METHOD, 'a command of Redis outside of src/gate'), [])
  t.strictSame(everywhere(others.map(withoutComments), REDIS_COMMAND, 'a command of Redis outside of src/gate'), [])
})

test('SQL stays in the store', async (t) => {
  const others = outside('store')
  const texts = others.map(textsOnly)
  const statement =
    /\bselect\s[^'"`]*?\sfrom\s|\binsert\s+into\s|\bupdate\s+\S+\s+set\s|\bdelete\s+from\s|\b(?:create|alter|drop)\s+table\s/gi
  t.strictSame(everywhere(texts, statement, 'a statement outside of src/store'), [])
  const fragment =
    /\bfor\s+(?:no\s+key\s+)?update\b|\bskip\s+locked\b|\bpg_\w+\(|\bon\s+conflict\b|\border\s+by\s|'(?:begin|commit|rollback|select 1)'/gi
  t.strictSame(everywhere(others.map(withoutComments), fragment, 'words of SQL outside of src/store'), [])
  const state = /'(?:08|22|23|25|28|3D|3F|40|42|53|55|57|58)[0-9A-Z]{3}'/g
  t.strictSame(everywhere(texts, state, 'an SQLSTATE outside of src/store'), [])
  const asked = /\.query\(|\bDatabaseError\b/g
  t.strictSame(everywhere(others.map(codeOnly), asked, 'Postgres is asked outside of src/store'), [])
})

test('migrations are numbered from 1 without a gap, each number once and in the list of their README', async (t) => {
  const numbers = readdirSync('migrations').flatMap((name) => /^(\d{4})\.do\./.exec(name)?.[1] ?? [])
  const wanted = numbers.map((_, index) => String(index + 1).padStart(4, '0'))
  t.strictSame(numbers.sort(), wanted)
  const listed = readFileSync('migrations/README.md', 'utf8').match(/(?<=^\| )\d{4}(?:-\d{4})?(?= \|)/gm) ?? []
  const each = listed.flatMap((row) => {
    const [first = '', last = first] = row.split('-')
    return wanted.filter((number) => number >= first && number <= last)
  })
  t.strictSame(each, wanted)
})
