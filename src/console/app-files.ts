import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file that a browser asks for. */
interface AppFile {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** An app that the build made of TSX: it imports itself, packages, and the client that every gateway serves. */
export interface BrowserApp {
  /** path below which everything lies, such as /console */
  readonly base: string
  /** below src, and below the folder of the build */
  readonly folder: 'console' | 'storefront'
  readonly title: string
  readonly packages: ReadonlyArray<keyof typeof PACKAGES>
  /** whether the client may compute in a Worker, whose text it has itself */
  readonly hasWorkers?: true
}

/** Modules of other packages, by the name under which code imports them, as their packages have them for browsers. */
const PACKAGES = {
  preact: 'preact/dist/preact.mjs',
  'preact/hooks': 'preact/hooks/dist/hooks.mjs',
  'preact/jsx-runtime': 'preact/jsx-runtime/dist/jsxRuntime.mjs',
  '@preact/signals': '@preact/signals/dist/signals.module.js',
  '@preact/signals-core': '@preact/signals-core/dist/signals-core.module.js',
  uplot: 'uplot/dist/uPlot.esm.js'
} as const

/** What the chart needs beside its code, before the app's own style. */
const CHART_STYLE = 'uplot/dist/uPlot.min.css'

const SCRIPT = 'text/javascript; charset=utf-8'
const STYLE = 'text/css; charset=utf-8'
const compiledFolder = ({ folder }: BrowserApp) => fileURLToPath(new URL(`../../${folder}/`, import.meta.url))
const styleOf = ({ folder }: BrowserApp) => new URL(`../../../src/${folder}/browser/style.css`, import.meta.url)

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const sourceMapNote = /^\/\/# sourceMappingURL=.*$/gm

/** Folder of the packages that the project depends on: where a package was found that is surely there. */
function packagesFolder(): string {
  const found = createRequire(import.meta.url).resolve('preact')
  return found.slice(0, found.lastIndexOf(join('preact', 'dist')))
}

const vendorPath = (base: string, file: string): string =>
  `${base}/vendor/${file.replaceAll('/', '-').replace('@', '')}`

/**
 * The page that starts the app. The import map stands in it, since none can be loaded, and its hash is the only inline script that the policy lets run.
 */
function startPage({ base, title, packages: names, hasWorkers }: BrowserApp): AppFile {
  const packages = names.map((name) => [name, vendorPath(base, PACKAGES[name])])
  const map = JSON.stringify({ imports: { ...Object.fromEntries(packages), 'floodgate/client': '/client.js' } })
  const hash = createHash('sha256').update(map).digest('base64')
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "connect-src 'self'",
    ...(hasWorkers ? ['worker-src blob:'] : []),
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ]
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${base}/style.css">
<script type="importmap">${map}</script>
<script type="module" src="${base}/main.js"></script>
</head>
<body><div id="app"></div><noscript>This page needs JavaScript.</noscript></body>
</html>
`
  return { body, headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy.join('; ') } }
}

/** Whether the build made the app: an image for production may lack one. */
export const isBuilt = (app: BrowserApp): boolean => existsSync(join(compiledFolder(app), 'main.js'))

/**
 * Every file of an app, by its exact path, as it is sent: an address that is none of these leads nowhere.
 * @throws Error where the build did not make them
 */
export async function appFiles(app: BrowserApp): Promise<Map<string, AppFile>> {
  const { base, packages } = app
  const compiled = compiledFolder(app)
  const files = new Map<string, AppFile>([[base, startPage(app)]])
  const names = await readdir(compiled, { recursive: true })
  for (const name of names.filter((file) => file.endsWith('.js'))) {
    const path = `${base}/${name.replaceAll('\\', '/')}`
    files.set(path, { body: await readFile(join(compiled, name), 'utf8'), headers: { 'content-type': SCRIPT } })
  }
  const folder = packagesFolder()
  for (const file of packages.map((name) => PACKAGES[name])) {
    const text = await readFile(join(folder, file), 'utf8')
    files.set(vendorPath(base, file), { body: text.replace(sourceMapNote, ''), headers: { 'content-type': SCRIPT } })
  }
  const styles = packages.includes('uplot') ? [join(folder, CHART_STYLE), styleOf(app)] : [styleOf(app)]
  const body = (await Promise.all(styles.map((file) => readFile(file, 'utf8')))).join('\n')
  files.set(`${base}/style.css`, { body, headers: { 'content-type': STYLE } })
  return files
}
