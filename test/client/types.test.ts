import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { problemTable } from '../../src/http/problems/table.ts'
import { publishedSchemas } from '../../src/http/server/published-schemas.ts'
import { documentOf } from '../support/http/openapi-documents.ts'
import { operationsOf, typeOf, typesOf } from '../support/http/openapi-types.ts'

// The types of the client are written by hand. Here a compiler compares each with the schema that the gateway answers by; what the schemas
// are typed as inside is looser (a limit is a number, a text or null), so the documents are compared, which say what is sent.

/** Types of the client by the operation whose answer they are; acts by their name in the client. */
const PAGES: Readonly<Record<string, string>> = {
  serverTime: '{ serverTime: string }',
  listCampaigns: 'C.List<C.Campaign>',
  getCampaign: 'C.Campaign',
  getRules: 'C.Rules',
  hotActivities: 'C.List<C.HotActivity>',
  listWinners: 'C.List<C.Winner>',
  getLeaderboard: 'C.Leaderboard',
  listInvites: 'C.MyInvites',
  listMyShares: 'C.List<C.MyShare>',
  listShares: 'C.List<C.CommunityShare>',
  getShare: 'C.SharePage',
  getStanding: 'C.Standing',
  listComments: 'C.Comments',
  listOrders: 'C.List<C.Order>',
  getOrder: 'C.Order',
  listWins: 'C.List<C.Win>',
  getWin: 'C.Win',
  listClaims: 'C.List<C.Claim>',
  listLedger: 'C.List<C.LedgerEntry>',
  getRequest: 'C.Head & C.ShownByAny'
}
const ACTS: Readonly<Record<string, string>> = { acceptInvite: 'accept', cancelOrder: 'cancel' }
/** No shape of the client: health, pictures and streams. */
const WITHOUT = ['liveness', 'readiness', 'watchCampaign', 'getInviteQr']
/** What is asked for with a POST and is no act. */
const POSTS: Readonly<Record<string, string>> = { getTicket: '{ challenge: C.Challenge } | C.Ticket' }
/** What an act sends that the document says less of than the client. */
const BODIES: Readonly<Record<string, string>> = {
  claimWin: '{ address?: { [name: string]: unknown }; account?: string }'
}

const same = `
type Plain<T> = T extends readonly (infer Item)[] ? Plain<Item>[] : T extends object ? { [Name in keyof T]: Plain<T[Name]> } : T
type Same<One, Other> = (<T>() => T extends Plain<One> ? 1 : 2) extends <T>() => T extends Plain<Other> ? 1 : 2 ? true : false
type Must<T extends true> = T
type Own<Code extends C.ProblemCode> = Exclude<keyof C.Problem<Code>, 'type' | 'title' | 'status' | 'code' | 'detail' | 'requestId'>
type Sent<Name extends 'complete'> = Omit<NonNullable<Parameters<C.Client[Name]>[2]>, keyof C.Way>
`

function comparisons(operations: ReturnType<typeof operationsOf>): string[] {
  const lines: string[] = []
  const must = (name: string, one: string, other: string) =>
    lines.push(`export type ${name} = Must<Same<${one}, ${other}>>`)
  for (const { operationId: id = '', method } of operations) {
    if (WITHOUT.includes(id)) continue
    const isAct = method === 'post'
    const shown = POSTS[id] ?? (isAct ? `C.Head & C.Shown['${ACTS[id] ?? id}']` : (PAGES[id] ?? 'never'))
    must(`Answer_${id}`, `Operations['${id}']['answers']['${isAct ? 201 : 200}']`, shown)
  }
  for (const [code, { members }] of Object.entries(problemTable)) {
    // says what it likes beside its reason
    if (code === 'CONFLICT') continue
    const names = members.map((member) => `'${member}'`).join(' | ') || 'never'
    must(`Problem_${code}`, `Own<'${code}'>`, names)
  }
  return lines
}

/** What an act may send, beside its key and patience. */
function wishOf(act: string, place: number): string {
  return `Omit<NonNullable<Parameters<C.Client['${act}']>[${place}]>, keyof C.Way>`
}

const PLACES: Readonly<Record<string, number>> = { invite: 1, share: 1, cancel: 1, claimWin: 1 }

test('the types of the client are those of the schemas, in both directions', async (t) => {
  const document = await documentOf('public')
  const operations = operationsOf(document)
  const posts = operations.filter(({ method }) => method === 'post').map(({ operationId = '' }) => operationId)
  const acts = posts.filter((id) => POSTS[id] === undefined)
  const wishes = acts.map((id) => {
    const act = ACTS[id] ?? id
    const sent = BODIES[id] ?? `NonNullable<Operations['${id}']['body']>`
    // each body that the client can send is one that the route takes, and each field of the route can be sent
    const wish = wishOf(act, PLACES[act] ?? 2)
    return `export type Wish_${id} = [Must<keyof ${wish} extends keyof (${sent}) ? true : false>, Must<Partial<${sent}> extends Partial<${wish}> ? true : ${id === 'claimWin'}>]`
  })
  const folder = t.testdir({
    'types.ts': typesOf(document),
    'held.ts': [
      `import type * as C from './client.js'`,
      `import type { Operations } from './types.ts'`,
      same,
      ...comparisons(operations),
      `type Change = ${typeOf(publishedSchemas['live-change.json'] ?? {})}`,
      'export type Live = Must<Same<C.LiveChange, Change>>',
      `export type Codes = Must<Same<C.ProblemCode, ${Object.keys(problemTable)
        .map((code) => `'${code}'`)
        .join(' | ')}>>`,
      ...wishes
    ].join('\n'),
    'package.json': '{"type":"module"}',
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        noEmit: true,
        strict: true,
        exactOptionalPropertyTypes: true,
        allowImportingTsExtensions: true,
        module: 'nodenext',
        lib: ['es2023', 'dom'],
        types: []
      },
      include: ['*.ts']
    })
  })
  for (const name of ['client.js', 'client.d.ts']) copyFileSync(join('build', 'client', name), join(folder, name))
  const compile = () => {
    // what tap loads into every process of Node is none of the compiler's business
    const { stdout, stderr } = spawnSync('env', ['-u', 'NODE_OPTIONS', 'node_modules/.bin/tsc', '-p', folder], {
      encoding: 'utf8',
      timeout: 600_000
    })
    const told = readFileSync(join(folder, 'held.ts'), 'utf8').split('\n')
    return `${stdout}${stderr}`.replace(/^.*held\.ts\((\d+),.*$/gm, (_, line) => told[Number(line) - 1] ?? '')
  }
  t.equal(compile(), '')
})
