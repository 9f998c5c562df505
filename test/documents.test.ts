import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import type { CatalogueCampaign } from '../src/campaign/carrying/catalogue.ts'
import { rulesOf } from '../src/campaign/definition/rules.ts'
import { toldTypes } from '../src/events/types.ts'
import { standingView } from '../src/http/account/me-view.ts'
import { Standing } from '../src/http/account/schemas.ts'
import { campaignView, liveView, rulesView } from '../src/http/campaigns/campaign-view.ts'
import { CampaignPage, LiveChange, RulesPage } from '../src/http/campaigns/schemas.ts'
import { problemTable } from '../src/http/problems/problems.ts'
import { asyncApiOf, messageSchemas } from '../src/http/server/asyncapi.ts'
import { commandTypes, streamNames } from '../src/journal/subjects.ts'
import { demos } from '../src/stack/demo/demos.ts'
import { exampleData } from './reference/events.ts'
import { aCampaign } from './support/http/http-app.ts'
import { documentOf, ports } from './support/http/openapi-documents.ts'
import { operationsOf, typesOf } from './support/http/openapi-types.ts'

interface AsyncApi {
  readonly channels: Readonly<Record<string, { readonly address: string }>>
  readonly operations: Readonly<Record<string, object>>
}

/** What the linter of the project objects to in a document. */
function objectionsTo(t: Test, document: object): { readonly objections: string[]; readonly status: number | null } {
  const file = join(t.testdir(), 'document.json')
  writeFileSync(file, JSON.stringify(document, null, 2))
  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/redocly',
    ['lint', '--config=.config/redocly.yaml', '--format=stylish', file],
    { encoding: 'utf8', timeout: 600_000, env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } }
  )
  return { objections: `${stdout}${stderr}`.split('\n').filter((line) => / error /.test(line)), status }
}

for (const port of ports) {
  test(`the OpenAPI document of the ${port} port passes its linter and names everything`, async (t) => {
    const document = await documentOf(port)
    const { objections, status } = objectionsTo(t, document)
    t.strictSame(objections, [])
    t.equal(status, 0, 'the linter ran and is content')

    const operations = operationsOf(document)
    const ids = operations.map(({ operationId }) => operationId)
    t.equal(new Set(ids).size, operations.length, 'each operation has a name of its own')
    t.notOk(ids.includes(undefined))
    for (const { operationId, method, summary, parameters = [] } of operations) {
      t.ok(summary, `${operationId} says what it does`)
      const key = parameters.find(({ name }) => name === 'idempotency-key')
      t.equal(key?.required === true, method !== 'get', `${operationId} takes a key if it changes something`)
    }
  })
}

test('the AsyncAPI document passes its linter and names every event and command with its data', async (t) => {
  const names = streamNames('shop')
  const document = asyncApiOf(names, '1.0.0') as AsyncApi
  const { objections, status } = objectionsTo(t, document)
  t.strictSame(objections, [])
  t.equal(status, 0, 'the linter ran and is content')
  const addresses = Object.values(document.channels).map(({ address }) => address)
  t.strictSame(addresses, [
    ...toldTypes.map((type) => `shop.{campaign}.${type}`),
    ...commandTypes.map((type) => names.commandSubject(type))
  ])
  const spoilt = structuredClone(document)
  Object.assign(spoilt.operations['order.paid'] ?? {}, { channel: { $ref: '#/channels/none' } })
  t.not(objectionsTo(t, spoilt).objections.length, 0, 'the linter reads such documents')
})

test('the data of each event is what its schema says, and has all that the schema names', async (t) => {
  for (const [type, examples] of exampleData()) {
    const schema = messageSchemas[`event-${type}.json`] ?? {}
    const { properties = {} } = schema as { properties?: object }
    for (const data of examples) t.same([...Value.Errors(closed(schema), data)].slice(0, 3), [], type)
    const said = new Set(examples.flatMap((data) => Object.keys(data)))
    t.strictSame(
      Object.keys(properties).filter((name) => !said.has(name)),
      [],
      type
    )
  }
})

const shop = `
import type { Operations } from './types.ts'
type Answer<Id extends keyof Operations, Status extends keyof Operations[Id]['answers']> = Operations[Id]['answers'][Status]
type Refusal = Answer<'buy', '4XX'>

export const order: Operations['buy']['body'] = { quantity: 1 }
export const headers: Operations['buy']['headers'] = { 'idempotency-key': 'one-intention' }
export const prices = (page: Answer<'getCampaign', '200'>): number[] =>
  page.activities.flatMap((activity) => (activity.kind === 'sale' ? [activity.price] : []))
export const odds = (page: Answer<'getRules', '200'>): string[] =>
  page.activities.flatMap((activity) => (activity.kind === 'draw' ? activity.terms : []))
export const chances = (me: Answer<'getStanding', '200'>): number => me.chances['wheel']?.total ?? 0
export const position = (answer: Answer<'buy', '201'>): number => answer.order.position
export const prize = (answer: Answer<'spin', '201'>): string => answer.spin.prize?.title ?? 'nothing'
export function explain(refusal: Refusal): string {
  switch (refusal.code) {
    case 'SOLD_OUT':
      return 'gone'
    case 'LIMIT_REACHED':
      return 'enough'
    default:
      return refusal.title
  }
}
type IsCode<Text> = Text extends Refusal['code'] ? true : false
export const known: IsCode<'SOLD_OUT'> = true
export const unknown: IsCode<'SOLDOUT'> = false
`

test('a shop compiles against types that are generated from the document', async (t) => {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    allowImportingTsExtensions: true,
    module: 'nodenext',
    types: []
  }
  const folder = t.testdir({
    'types.ts': typesOf(await documentOf('public')),
    'shop.ts': shop,
    'package.json': '{"type":"module"}',
    'tsconfig.json': JSON.stringify({ compilerOptions, include: ['*.ts'] })
  })
  // what tap loads into every process of Node is none of the compiler's business
  const compiler = spawnSync('env', ['-u', 'NODE_OPTIONS', 'node_modules/.bin/tsc', '-p', folder], {
    encoding: 'utf8',
    timeout: 600_000
  })
  t.equal(`${compiler.stdout}${compiler.stderr}`, '')
  t.equal(compiler.status, 0)
  const { responses } = operationsOf(await documentOf('public')).find(({ operationId }) => operationId === 'buy') ?? {}
  const refusal = Object.values(responses?.['4XX']?.content ?? {})[0]?.schema.properties?.code?.enum
  t.same(refusal, Object.keys(problemTable), 'every code is named')
})

/** A schema that refuses members which it does not name: the views must have no others. */
function closed(schema: unknown): TSchema {
  if (Array.isArray(schema)) return schema.map(closed) as unknown as TSchema
  if (typeof schema !== 'object' || schema === null) return schema as unknown as TSchema
  const made = Object.fromEntries(Object.entries(schema).map(([name, each]) => [name, closed(each)]))
  const open = 'properties' in made && !('additionalProperties' in made)
  return { ...made, ...(open && { additionalProperties: false }) } as unknown as TSchema
}

test('pages and standings have the shape that the document says', async (t) => {
  const now = Date.now()
  const published = demos.map(({ name, define }): CatalogueCampaign => {
    const definition = define(name, now) as unknown as Parameters<typeof rulesOf>[0]
    return { ...aCampaign(), id: name, definition, rules: rulesOf(definition) }
  })
  for (const campaign of [aCampaign(), { ...aCampaign(), notice: { en: 'Back at ten' } }, ...published]) {
    const context = { campaign, now, language: 'en' as const, figures: undefined }
    const standing = { campaign, level: 1, fields: {}, now, progress: new Map() }
    const views: Array<[string, TSchema, unknown]> = [
      ['campaign', CampaignPage, campaignView(context)],
      ['rules', RulesPage, rulesView(context)],
      ['live', LiveChange, liveView(context)],
      ['standing', Standing, standingView(standing)]
    ]
    for (const [name, schema, view] of views) {
      const errors = [...Value.Errors(closed(schema), JSON.parse(JSON.stringify(view)))]
      t.same(errors.slice(0, 3), [], `${name} of ${campaign.id}`)
    }
  }
})
