import { createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { Compile } from 'typebox/compile'
import { checkDefinition } from '../../src/campaign/definition/check.ts'
import { schemas } from '../../src/campaign/kinds/index.ts'
import { loadConfig } from '../../src/config/config.ts'
import { toldTypes } from '../../src/events/types.ts'
import { figures } from '../../src/export/report/catalogue.ts'
import { createTokenReader, secretCheck } from '../../src/http/auth/storefront-token.ts'
import { type TokenReason, tokenReasons } from '../../src/http/auth/token-refusal.ts'
import { commandTypes, streamNames } from '../../src/journal/subjects.ts'
import { operatorRoles, serviceScopes } from '../../src/store/operators/operators.ts'
import { envelope } from '../../src/worker/commands/event.ts'
import { gatewayMetrics } from '../support/http/gateway-metrics.ts'
import { documentOf } from '../support/http/openapi-documents.ts'
import { readFiles } from '../support/source.ts'
import { commandData } from './commands.ts'
import { variables } from './configuration.ts'
import { objects } from './definition.ts'
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
    definition: [...Object.values(objects).flatMap(fieldsOf), ...Object.keys(schemas)],
    events: toldTypes,
    figures: Object.keys(figures),
    metrics: gatewayMetrics().map(({ name }) => name),
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

test('an event is told where the code decides it, and nowhere else', async (t) => {
  const sources = [...readFiles('src', '.ts'), ...readFiles('lua', '.lua')].filter(
    ({ path }) =>
      // the registries themselves, and what people read or ask for; files of src/events decide what is told beside another event, of a reminder, of a board, of a session and of stock
      !/src\/(?:record\/decisions|events\/(?!cloud-event|moment|reminder|frozen-board)|http\/|stack\/|store\/|health\/)/.test(
        path
      )
  )
  const isSpelled = (type: string) => sources.some(({ text }) => text.includes(`'${type}'`))
  t.strictSame(
    toldTypes.filter((type) => !isSpelled(type)),
    [],
    'told, and never decided'
  )
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

const claims = { iss: 'floodgate', aud: 'floodgate-storefront', sub: 'alice', exp: 4_102_444_800 }
const secretOfToken = 'jx8Nq2vLr5Tz9Kw4Hb7Yd1Gm6Pc3Fs0A'

/** A token as an issuer would not make it. */
function signed(payload: unknown, { alg = 'HS256', key = secretOfToken, ...header }: Record<string, unknown> = {}) {
  const text = [{ alg, typ: 'JWT', ...header }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `Bearer ${text}.${createHmac('sha256', String(key)).update(text).digest('base64url')}`
}

const without = (name: string) => Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name))

/** One that is refused for each reason; `unknown-key` is one of keys that are fetched, `claim-exp` is checked twice. */
const refusedFor: Partial<Record<TokenReason, string | undefined>> = {
  missing: undefined,
  scheme: 'Basic YTpi',
  'too-large': `Bearer ${'x'.repeat(8193)}`,
  malformed: 'Bearer hello',
  'missing-signature': signed(claims, { alg: 'none' }).replace(/[^.]*$/, ''),
  'invalid-algorithm': signed(claims, { alg: 'HS512' }),
  'invalid-signature': signed(claims, { key: 'another secret' }),
  'invalid-crit-header': signed(claims, { crit: ['b64'] }),
  'invalid-payload': signed(['alice']),
  inactive: signed({ ...claims, nbf: claims.exp - 60 }),
  expired: signed({ ...claims, exp: 1 }),
  'missing-required-claim-iss': signed(without('iss')),
  'missing-required-claim-aud': signed(without('aud')),
  'missing-required-claim-exp': signed(without('exp')),
  'missing-required-claim-user': signed(without('sub')),
  'invalid-claim-value-iss': signed({ ...claims, iss: 'other' }),
  'invalid-claim-value-aud': signed({ ...claims, aud: ['other'] }),
  'invalid-claim-type-iss': signed({ ...claims, iss: 5 }),
  'invalid-claim-type-aud': signed({ ...claims, aud: 5 }),
  'invalid-claim-type-exp': signed({ ...claims, exp: 'tomorrow' }),
  'invalid-claim-type-nbf': signed({ ...claims, nbf: 'today' }),
  unreadable: signed({ ...claims, exp: [claims.exp] }),
  'claim-user': signed({ ...claims, sub: '' }),
  'claim-level': signed({ ...claims, level: -1 }),
  'claim-registeredAt': signed({ ...claims, registeredAt: 'yesterday' }),
  'claim-device': signed({ ...claims, device: 5 })
}

test('the token of the page signs in', async (t) => {
  const [{ value } = { value: undefined }] = examplesOf(textOf('tokens'))
  const config = loadConfig({ TOKEN_SECRET: secretOfToken })
  const reader = createTokenReader(secretCheck(config), { config })
  t.match(await reader.read(signed(value)), { level: 3, expiresAt: Number })
})

test('a token is refused for the reason that the page says', async (t) => {
  const config = loadConfig({ TOKEN_SECRET: secretOfToken })
  for (const [reason, header] of Object.entries(refusedFor)) {
    const said: string[] = []
    const reader = createTokenReader(secretCheck(config), { config, onRefusal: (word) => said.push(word) })
    t.throws(() => reader.read(header), reason)
    t.strictSame(said, [reason])
  }
  const rest = Object.keys(tokenReasons).filter((reason) => !Object.hasOwn(refusedFor, reason))
  t.strictSame(rest, ['unknown-key', 'claim-exp'])
})

test('README shows variables that there are', async (t) => {
  const [, shown = ''] = /^## Configuration\n([\s\S]*?)^## /m.exec(readFileSync('README.md', 'utf8')) ?? []
  const named = [...shown.matchAll(/^\| ([A-Z_ or]+) \|/gm)].flatMap(([, cell = '']) => cell.split(' or '))
  const known = variables.map(([name]) => name)
  t.ok(named.length >= 5)
  t.strictSame(
    named.filter((name) => !known.includes(name)),
    []
  )
})

test('links between documents lead somewhere', async (t) => {
  const files = [
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'deploy/README.md',
    'test/README.md',
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
