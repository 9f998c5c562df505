import { test } from 'tap'
import { kindNames } from '../../src/base/kinds.ts'
import { type Call, encodeBatch } from '../../src/gate/batch/encode.ts'
import { isDecisionType } from '../../src/record/decisions.ts'
import { findAll, readFiles } from '../support/source.ts'

const lua = readFiles('lua', '.lua')
const kindFiles = lua.filter(({ path }) => path.startsWith('lua/kinds/'))

test('each kind has a file in lua/kinds, and no other script names it', async (t) => {
  const names = kindFiles.map(({ path }) => path.replace(/^lua\/kinds\/(.*)\.lua$/, '$1'))
  t.strictSame(names.sort(), [...kindNames].sort())
  t.strictSame(
    kindFiles.filter(({ text }) => !/^return \{[\s\S]*\}\n$/m.test(text)).map(({ path }) => `${path}: returns no kind`),
    []
  )
  // the window of a command that knows no other kind asks for it
  const bought = kindFiles.filter(({ text }) => text.includes('is_bought = true')).map(({ path }) => path.slice(4, -4))
  const decide = lua.find(({ path }) => path === 'lua/lib/decide.lua')?.text ?? ''
  t.strictSame(
    bought.filter((name) => !decide.includes(`-- @include ${name}\n`)),
    [],
    'lib/decide.lua includes by name each kind that is bought'
  )
  const others = lua.filter((file) => !kindFiles.includes(file))
  const named = new RegExp(`(['"])(?:${[...kindNames].join('|')})\\1`, 'g')
  t.strictSame(
    others.flatMap((file) => [
      ...findAll(file, named, 'names a kind; ask for a property of it'),
      ...findAll(file, /\bkind [=~]= |[=~]= \S*\bkind\b/g, 'compares a kind; ask for a property of it')
    ]),
    []
  )
})

test('what the scripts decide is a type of decision that src knows', async (t) => {
  const spelled = lua.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/(['"])([a-z]+\.[a-z-]+)\1/g), ([, , type = '']) => ({ path, type }))
  )
  t.ok(spelled.length > 0)
  t.strictSame(
    spelled
      .filter(({ type }) => !isDecisionType(type))
      .map(({ path, type }) => `${path}: src/record/decisions.ts has no ${type}`),
    []
  )
})

const command = { user: 'ann', key: 'u:key', hash: 'hash', campaign: 'camp', activity: 'act', request: '{"r":1}' }

/** A call of each command, with values that tell its fields apart. */
const calls: { readonly [Op in Call['op']]: Extract<Call, { op: Op }> } = {
  buy: { ...command, op: 'buy', quantity: 71, level: 72 },
  transition: {
    ...command,
    op: 'transition',
    transition: 'pay',
    order: '0-5-81',
    session: 'all',
    by: 'operator',
    amount: 73,
    currency: 'EUR',
    quantity: 71
  },
  participate: {
    ...command,
    op: 'participate',
    quantity: 71,
    level: 72,
    by: 'system',
    random: 'random',
    pool: 'pool',
    day: 74,
    action: 'action',
    about: 'about'
  },
  finish: { ...command, op: 'finish', decision: '0-5-83', pool: 'pool' },
  win: { ...command, op: 'win', change: 'revoke', win: '0-5-82', by: 'operator', returnQuota: true, pool: 'pool' },
  fulfil: { ...command, op: 'fulfil', win: '0-5-82', state: 'delivered' },
  takeBack: {
    ...command,
    op: 'takeBack',
    givenUnder: 'x:credit:0-5-80:role',
    givenBy: '0-5-84',
    given: [{ unit: 'points', field: 'b:points', amount: 76 }]
  },
  expire: {
    ...command,
    op: 'expire',
    activity: '',
    newest: '0-5-85',
    field: 'b:points',
    amount: 76,
    upTo: '0-5-86',
    expiredField: 'f9'
  },
  adjust: {
    ...command,
    op: 'adjust',
    type: 'campaign.adjusted',
    puts: [
      ['c:put', 'f1', 'v1'],
      ['c:put', 'f2', 'v2']
    ],
    adds: [['s:add', 'f3', 75]]
  },
  remove: {
    ...command,
    op: 'remove',
    type: 'campaign.adjusted',
    puts: [
      ['c:put', 'f1', 'v1'],
      ['c:put', 'f2', 'v2']
    ],
    removals: [
      ['u:removed', ['f4', 'f5']],
      ['c:removed', []]
    ]
  },
  loan: {
    ...command,
    op: 'loan',
    type: 'stock.lent',
    shard: 1,
    opening: 77,
    notAfter: 78,
    stock: 's:stock',
    field: 'f6',
    delta: -79
  },
  look: {
    op: 'look',
    items: [
      { key: 's:one', field: 'f7' },
      { key: 's:two', field: 'f8' }
    ]
  },
  fact: { op: 'fact', opening: 77, item: { key: 's:stock', field: 'f6' }, units: 71, seen: 78 },
  query: { op: 'query', user: 'ann', key: 'u:key' },
  list: { op: 'list', what: 'wins', user: 'ann', name: 'one' },
  owner: { op: 'owner', entity: '5-83' },
  fields: { op: 'fields', user: 'ann', names: ['n1', 'n2'] }
}

const names: Partial<Record<Call['op'], string>> = { win: 'change-win', takeBack: 'take-back', fulfil: 'fulfil-win' }
const fileOf = (op: Call['op']) => `lua/commands/${names[op] ?? op}.lua`

/** What the call of a command says under each name that its script's header gives to a field; a list where it comes again. */
function namedValues(call: Call, keys: readonly string[]): Record<string, string | readonly string[]> {
  const index = (key: string) => `${keys.indexOf(key) + 1}`
  const values = Object.fromEntries(Object.entries(call).map(([name, value]) => [name, `${value}`]))
  return {
    ...values,
    'activity index': index('c:camp'),
    'user index': index('u:ann'),
    'pool index': index('s:camp:pool/pool'),
    'pool indexes': index('s:camp:pool/pool'),
    head: 'head',
    by: values.by ?? '',
    order: '5-81',
    win: '5-82',
    entity: '5-83',
    'ended decision': '5-83',
    terms: values.currency ?? '',
    type: values.type ?? (call.op === 'expire' ? 'balance.expired' : 'reward.taken-back'),
    'newest decision': '5-85',
    'balance field': 'b:points',
    'up to': '5-86',
    'expired field': 'f9',
    'given under': values.givenUnder ?? '',
    'given by': '5-84',
    given: 'points b:points 76',
    state: 'd',
    'quota back': '1',
    'local day': '74',
    'not after': values.notAfter ?? '',
    'stock index': index('s:stock'),
    item: 's:stock f6',
    'number of items': '2',
    'item index': [index('s:one'), index('s:two')],
    'item field': ['f7', 'f8'],
    'number of puts': call.op === 'loan' ? '0' : '2',
    'put index': [index('c:put'), index('c:put')],
    'put field': ['f1', 'f2'],
    'put value': ['v1', 'v2'],
    'number of adds': '1',
    'add index': [index('s:add')],
    'add field': ['f3'],
    'add delta': ['75'],
    'number of removals': '3',
    'removed index': [index('u:removed'), index('u:removed'), index('c:removed')],
    'removed field': ['f4', 'f5', ''],
    what: 'w',
    'number of names': '2',
    ...('names' in call ? { name: call.names } : {})
  }
}

/** Names in the order of FIELDS; what stands in brackets comes as often as there are values. */
function expectedFields(header: string, values: ReturnType<typeof namedValues>): string[] {
  const text = /^ {2}FIELDS: +([\s\S]*?)^ {2}\w+:/m.exec(header)?.[1] ?? ''
  const items = text
    .replace(/\s+/g, ' ')
    .replace(/ \([^()]*\)/g, '')
    .matchAll(/\[([^\]]*)\]\.\.\.|([^,[\]]+)/g)
  return [...items].flatMap(([, group, single = '']) => {
    const name = single.trim()
    if (group === undefined) return name === '' ? [] : [`${name}: ${values[name]}`]
    const names = group.split(',').map((part) => part.trim())
    const times = values[names[0] ?? '']?.length ?? 0
    return Array.from({ length: times }, (_, at) => names.map((each) => `${each}: ${values[each]?.[at]}`)).flat()
  })
}

test('the fields that a header of a command names are those that the gateway sends', async (t) => {
  for (const call of Object.values(calls)) {
    const path = fileOf(call.op)
    const file = lua.find((each) => each.path === path)
    const limits = { notAfter: 0, outboxFrames: 1, keptBytes: 1, decisionsPerUser: 1 }
    const { keys, args } = encodeBatch({ prefix: '' }, [call], { settles: [], limits })
    const [count, letter, ...fields] = `${args.at(-1)}`.split('\n')
    t.equal(count, '1')
    t.match(lua.find((each) => each.path === 'lua/lib/decide.lua')?.text, `COMMANDS.${letter}`)
    const sent = fields.slice(0, -1).map((field) => (field.startsWith('"user":') ? 'head' : field))
    const expected = expectedFields(file?.text ?? '', namedValues(call, keys))
    t.strictSame(
      expected.map((field) => field.replace(/^[^:]*: /, '')),
      sent,
      expected.join(', ')
    )
  }
  t.strictSame(
    lua
      .map(({ path }) => path)
      .filter((path) => path.startsWith('lua/commands/'))
      .sort(),
    Object.values(calls)
      .map(({ op }) => fileOf(op))
      .sort()
  )
})
