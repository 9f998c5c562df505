import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { consoleFiles } from '../../src/console/app-files.ts'

const BASE = '/console'
/** gzip, all files together */
const MOST_BYTES = 150_000

const files = await consoleFiles(BASE)
const page = files.get(BASE)
if (page === undefined) throw new Error('the console has no page')
const map = /<script type="importmap">(.*?)<\/script>/.exec(page.body)?.[1] ?? ''
const { imports } = JSON.parse(map) as { imports: Record<string, string> }

t.test('only the import map may run of what stands in the page, by its hash', async (t) => {
  const policy = page.headers['content-security-policy'] ?? ''
  t.match(policy, `script-src 'self' 'sha256-${createHash('sha256').update(map).digest('base64')}'`)
  t.notMatch(policy, /unsafe/)
  t.equal(page.body.match(/<script/g)?.length, 2, 'the map, and the module')
  t.notMatch(page.body, /style=|onclick=/)
})

t.test('whatever a module imports is there', async (t) => {
  const missing: string[] = []
  for (const [path, { body, headers }] of files) {
    if (!headers['content-type']?.startsWith('text/javascript')) continue
    const names = [...body.matchAll(/(?:^|[;}\s])(?:import|export)[^'"()]*?from\s*["']([^"']+)["']/g)].map(
      ([, name = '']) => name
    )
    for (const name of names) {
      const wanted = name.startsWith('.') ? join(dirname(path), name) : imports[name]
      if (wanted === '/client.js') continue
      if (wanted === undefined || !files.has(wanted)) missing.push(`${path}: ${name}`)
    }
  }
  t.same(missing, [])
  t.ok(files.has(`${BASE}/main.js`) && files.has(`${BASE}/style.css`))
})

t.test('the console is light', async (t) => {
  const bytes = [...files.values()].reduce((sum, { body }) => sum + gzipSync(body).length, 0)
  t.ok(bytes <= MOST_BYTES, `${bytes} bytes`)
  t.comment(`${bytes} bytes gzipped`)
})
