import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { appFiles } from '../../src/console/app-files.ts'
import { consoleApp, shopApp } from '../../src/http/server/app-pages.ts'

/** gzip, all files together */
const APPS = [
  { app: consoleApp, mostBytes: 150_000 },
  { app: shopApp, mostBytes: 100_000 }
]

for (const { app, mostBytes } of APPS) {
  const { base } = app
  const files = await appFiles(app)
  const page = files.get(base)
  if (page === undefined) throw new Error(`${base} has no page`)
  const map = /<script type="importmap">(.*?)<\/script>/.exec(page.body)?.[1] ?? ''
  const { imports } = JSON.parse(map) as { imports: Record<string, string> }

  t.test(`${base}: only the import map may run of what stands in the page, by its hash`, async (t) => {
    const policy = page.headers['content-security-policy'] ?? ''
    t.match(policy, `script-src 'self' 'sha256-${createHash('sha256').update(map).digest('base64')}'`)
    t.notMatch(policy, /unsafe/)
    t.equal(page.body.match(/<script/g)?.length, 2, 'the map, and the module')
    t.notMatch(page.body, /style=|onclick=/)
  })

  t.test(`${base}: whatever a module imports is there`, async (t) => {
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
    t.ok(files.has(`${base}/main.js`) && files.has(`${base}/style.css`))
  })

  t.test(`${base}: nothing of it needs a page over https, or of this computer`, async (t) => {
    const own = [...files].filter(([path]) => path.endsWith('.js') && !path.includes('/vendor/'))
    const needy = own.filter(([, { body }]) => /crypto\.(?:randomUUID\(|subtle\.)/.test(body))
    t.same(
      needy.map(([path]) => path),
      []
    )
  })

  t.test(`${base} is light`, async (t) => {
    const bytes = [...files.values()].reduce((sum, { body }) => sum + gzipSync(body).length, 0)
    t.ok(bytes <= mostBytes, `${bytes} bytes`)
    t.comment(`${bytes} bytes gzipped`)
  })
}
