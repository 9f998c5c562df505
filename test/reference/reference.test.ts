import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createSigner } from 'fast-jwt'
import { test } from 'tap'
import { Compile } from 'typebox/compile'
import { checkDefinition } from '../../src/campaign/check.ts'
import { kinds } from '../../src/campaign/definition-kinds.ts'
import { loadConfig } from '../../src/config/config.ts'
import { createTokenReader, secretCheck } from '../../src/http/storefront-token.ts'
import { tokenReasons } from '../../src/http/token-refusal.ts'
import { commandTypes, eventTypes, streamNames } from '../../src/journal/subjects.ts'
import { operatorRoles, serviceScopes } from '../../src/store/operators.ts'
import { envelope } from '../../src/worker/command-event.ts'
import { documentOf } from '../support/openapi-documents.ts'
import { readFiles } from '../support/source.ts'
import { commandData } from './commands.ts'
import { variables } from './configuration.ts'
import { objects } from './definition.ts'
import { told } from './event-words.ts'
import { examplesOf, sectionsOf, withSections } from './markdown.ts'
import { adminOperationsOf } from './operators.ts'
import { pages, sectionTexts } from './tables.ts'
import { claimNames } from './tokens.ts'

type Page = (typeof pages)[number]

const pathOf = (page: Page) => `docs/reference/${page}.md`
const textOf = (page: Page) => readFileSync(pathOf(page), 'utf8')

test('the tables of the reference pages are those of the code: npm run docs writes them', async (t) => {
  const texts = sectionTexts(await documentOf('admin'))
  t.strictSame(readdirSync('docs/reference').sort(), pages.map((page) => `${page}.md`).sort())
  for (const page of pages) t.equal(textOf(page), withSections(textOf(page), texts), pathOf(page))
  const used = pages.flatMap((page) => sectionsOf(textOf(page)))
  t.strictSame(used.sort(), Object.keys(texts).sort(), 'each table stands on one page')
})

test('each name of the code stands on its page', async (t) => {
  const routes = adminOperationsOf(await documentOf('admin')).map(
    ({ method, path }) => `${method.toUpperCase()} ${path}`
  )
  const names: Readonly<Record<Page, readonly string[]>> = {
    'admin-api': routes,
    commands: [
      ...commandTypes.map(streamNames('floodgate').commandSubject),
      ...Object.values(commandData).flatMap((all) => all.flatMap(fieldsOf))
    ],
    configuration: variables.map(([name]) => name),
    definition: [...Object.values(objects).flatMap(fieldsOf), ...Object.keys(kinds)],
    events: eventTypes,
    roles: [...operatorRoles.filter((role) => role !== 'service'), ...serviceScopes],
    tokens: [...claimNames, ...Object.keys(tokenReasons)]
  }
  for (const page of pages) {
    const text = textOf(page)
    const isNamed = (name: string) => text.includes(`\`${name}\``) || text.includes(`\`${name}?\``)
    t.ok(names[page].length > 0)
    t.strictSame(
      names[page].filter((name) => !isNamed(name)),
      [],
      pathOf(page)
    )
  }
})

function fieldsOf({ properties = {} }: { readonly properties?: object }): string[] {
  return Object.keys(properties)
}

test('an event is said to be told where the code tells of it, and nowhere else', async (t) => {
  const sources = [...readFiles('src', '.ts'), ...readFiles('lua', '.lua')].filter(
    ({ path }) =>
      // the list itself, and what people read or ask for
      !/src\/(?:journal\/subjects|http\/|stack\/|store\/|health\/)/.test(path)
  )
  const isSpelled = (type: string) => sources.some(({ text }) => text.includes(`'${type}'`))
  t.strictSame(Object.keys(told).sort(), eventTypes.filter(isSpelled).sort())
})

test('the examples of definitions and commands are good ones', async (t) => {
  const definitions = examplesOf(textOf('definition'))
  const commands = examplesOf(textOf('commands'))
  t.ok(definitions.length > 0 && commands.length > 0)
  for (const { value } of definitions) t.match(checkDefinition(value), { ok: true })
  for (const { about, value } of commands) {
    const schemas = commandData[about as keyof typeof commandData]
    if (schemas === undefined || !envelope.Check(value)) throw new Error(`${about} is no command`)
    const { data } = value
    // an order's id stands beside the members of the body, which know no other
    const [named, body] = schemas
    const rest = body === undefined ? {} : { ...(data as object), order: undefined }
    t.ok(Compile(named ?? {}).Check(data), about)
    if (body !== undefined) t.ok(Compile(body).Check(JSON.parse(JSON.stringify(rest))), about)
  }
})

test('the token of the page signs in', async (t) => {
  const [{ value } = { value: undefined }] = examplesOf(textOf('tokens'))
  const secret = 'jx8Nq2vLr5Tz9Kw4Hb7Yd1Gm6Pc3Fs0A'
  const config = loadConfig({ TOKEN_SECRET: secret })
  const reader = createTokenReader(secretCheck(config), { config })
  const claims = await reader.read(`Bearer ${createSigner({ key: secret, algorithm: 'HS256' })(value as object)}`)
  t.match(claims, { level: 3, expiresAt: Number })
})

test('links between documents lead somewhere', async (t) => {
  const files = [
    'README.md',
    'CHANGELOG.md',
    ...readdirSync('docs').map((name) => `docs/${name}`),
    ...pages.map(pathOf)
  ]
  const broken = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const links = [...readFileSync(file, 'utf8').matchAll(/\]\(([^)#\s]*)(?:#([^)\s]+))?\)/g)]
      return links.flatMap(([whole, path = '', heading]) => {
        if (path.startsWith('http')) return []
        const target = path === '' ? file : join(dirname(file), path)
        const leads = existsSync(target) && (heading === undefined || headingsOf(target).includes(heading))
        return leads ? [] : [`${file}: ${whole}`]
      })
    })
  t.strictSame(broken, [])
})

/** The headings of a document as GitHub names them. */
function headingsOf(path: string): string[] {
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)]
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
  )
}
