import { reservedIds } from '../../src/campaign/definition/check.ts'
import { DefinitionSchema, MAX_ACTIVITIES } from '../../src/campaign/definition/document.ts'
import { defaultPolicies } from '../../src/campaign/definition/rules.ts'
import { kinds, schemas } from '../../src/campaign/kinds/index.ts'
import { ShipWithin } from '../../src/campaign/kinds/sale/definition.ts'
import { Question } from '../../src/campaign/kinds/survey/definition.ts'
import { MAX_DAYS, MAX_SESSIONS } from '../../src/campaign/parts/bounds.ts'
import { CalendarLists } from '../../src/campaign/parts/calendar.ts'
import { common } from '../../src/campaign/parts/common.ts'
import { MAX_DEPTH, MAX_ERRORS, MAX_NODES } from '../../src/campaign/parts/explain.ts'
import { Admission, Daily, Doubler, Id, Moment, Requires, Reward, Session } from '../../src/campaign/parts/shapes.ts'
import { fieldWords, policyWords } from './definition-words.ts'
import { code, grouped, table } from './markdown.ts'
import { type Told, toldOf, wordsOf } from './schema-words.ts'

/** The object that a field of a schema holds, or holds a list or a record of. */
function below(schema: Told, field: string): Told {
  const found = schema.properties?.[field]
  const records = (found as { patternProperties?: Readonly<Record<string, Told>> } | undefined)?.patternProperties
  const inner = found?.items ?? Object.values(records ?? {})[0] ?? found
  if (inner === undefined) throw new Error(`a definition has no ${field}`)
  return inner
}

const root = toldOf(DefinitionSchema)
const draw = toldOf(kinds.draw.schema)
const task = toldOf(kinds.task.schema)
const board = toldOf(kinds.board.schema)
const invite = toldOf(kinds.invite.schema)
const share = toldOf(kinds.share.schema)
const assist = toldOf(kinds.assist.schema)
const discussion = toldOf(kinds.discussion.schema)

/** Each object that a definition may hold, by the name of its table: every kind has one. Policies have a table of their own. */
export const objects: Readonly<Record<string, Told>> = {
  ...Object.fromEntries(Object.entries(kinds).map(([name, { schema }]) => [name, toldOf(schema)])),
  campaign: root,
  calendar: toldOf(CalendarLists),
  admission: toldOf(Admission),
  limits: below(root, 'limits'),
  units: below(root, 'units'),
  level: below(root, 'levels'),
  'when of a level': below(below(root, 'levels'), 'when'),
  privileges: below(below(root, 'levels'), 'privileges'),
  activity: toldOf({
    properties: { ...common, kind: { description: 'the name of a kind' } },
    required: ['id', 'kind']
  }),
  requires: toldOf(Requires),
  session: toldOf(Session),
  daily: toldOf(Daily),
  shipWithin: toldOf(ShipWithin),
  chances: below(draw, 'chances'),
  'limits of a draw': below(draw, 'limits'),
  prize: below(draw, 'prizes'),
  subPrize: below(below(draw, 'prizes'), 'subPrizes'),
  display: below(below(draw, 'prizes'), 'display'),
  weightsByLevel: below(draw, 'weightsByLevel'),
  reward: toldOf(Reward),
  'prize of a reward': below(toldOf(Reward), 'prize'),
  doubler: toldOf(Doubler),
  question: toldOf(Question),
  goal: below(task, 'goal'),
  streak: below(task, 'streak'),
  top: below(board, 'top'),
  side: below(invite, 'inviter'),
  perInviter: below(invite, 'perInviter'),
  channel: below(share, 'channels'),
  threshold: below(assist, 'thresholds'),
  topics: below(discussion, 'topics')
}

const isShared = (field: string): boolean => field === 'kind' || field in common

/** What is said to an operator whose value does not fit; ids and moments are told of once, above the tables. */
function demandOf(schema: Told): string {
  if (schema.description === toldOf(Id).description) return 'an id'
  if (schema.description === toldOf(Moment).description) return 'a moment'
  return (schema.description ?? wordsOf(schema)).replace(/^must be /, '').replace(/^must (ask|give)/, '$1s')
}

function tableOf(name: string, { properties = {}, required = [] }: Told): string {
  const words = fieldWords[name] ?? {}
  const strange = Object.keys(words).filter((field) => properties[field] === undefined)
  if (strange.length > 0) throw new Error(`${name} has no ${strange.join(', ')}`)
  const own = Object.entries(properties).filter(
    ([field]) => name === 'activity' || !('kind' in properties && isShared(field))
  )
  const rows = own.map(([field, schema]) => {
    const meaning = words[field]
    if (meaning === undefined) throw new Error(`nothing says what ${field} of ${name} means`)
    return [code(field), required.includes(field) ? 'yes' : '', demandOf(schema), meaning]
  })
  return table(['field', 'required', 'is', 'means'], rows)
}

/** A table for each object, by the name of its section. */
export function definitionTables(): Record<string, string> {
  return Object.fromEntries(Object.entries(objects).map(([name, schema]) => [name, tableOf(name, schema)]))
}

export function policiesTable(): string {
  const { properties = {} } = below(root, 'policies')
  const defaults: Readonly<Record<string, unknown>> = { ...defaultPolicies }
  const rows = Object.entries(properties).map(([name, schema]) => {
    const meaning = (policyWords as Readonly<Record<string, string>>)[name]
    if (meaning === undefined) throw new Error(`nothing says what the policy ${name} means`)
    const value = defaults[name]
    return [code(name), value === undefined ? 'none' : code(JSON.stringify(value)), demandOf(schema), meaning]
  })
  return table(['policy', 'default', 'is', 'means'], rows)
}

export function boundsText(): string {
  const bounds: Array<[number, string]> = [
    [MAX_ACTIVITIES, 'activities'],
    [MAX_SESSIONS, 'sessions together'],
    [MAX_DAYS, 'days'],
    [MAX_NODES, 'values'],
    [MAX_DEPTH, 'levels of nesting']
  ]
  const most = bounds.map(([bound, what]) => `${grouped(bound)} ${what}`).join(', ')
  return `At most: ${most}; ${MAX_ERRORS} errors are told. No campaign is called ${[...reservedIds].map(code).join(', ')}.`
}

export function kindsTable(): string {
  return `Kinds of this version: ${Object.keys(schemas).map(code).join(', ')}.`
}
