import { type Definition, type DefinitionError, EnvelopeSchema, type SaleDefinition } from './definition.ts'
import { builtKinds, kinds } from './definition-kinds.ts'
import { explain, MAX_ERRORS, shown, tooLarge } from './explain.ts'
import { isTimezone, momentOf } from './local-time.ts'
import { MAX_SESSIONS, moment, type Rules, rulesOf } from './rules.ts'
import { minutesOf } from './sessions.ts'

const FIRST_YEAR = Date.UTC(2000, 0)
const LAST_YEAR = Date.UTC(2100, 0)
const LONGEST_MS = 400 * 24 * 3600 * 1000

/** Ids that would make a subject or a path mean two things. */
const reservedIds = new Set(['commands'])

export type Checked =
  | { readonly ok: true; readonly definition: Definition; readonly rules: Rules }
  | { readonly ok: false; readonly errors: DefinitionError[] }

type Add = (pointer: string, detail: string) => void

function checkActivityShape(activity: unknown, pointer: string, add: Add): boolean {
  const kind = typeof activity === 'object' && activity !== null ? (activity as { kind?: unknown }).kind : undefined
  if (typeof activity !== 'object' || activity === null || Array.isArray(activity)) {
    add(pointer, `must be an object, but is ${shown(activity)}`)
    return false
  }
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) {
    const names = Object.keys(kinds).join(', ')
    add(`${pointer}/kind`, kind === undefined ? 'is missing' : `must be one of ${names}, but is ${shown(kind)}`)
    return false
  }
  if (!builtKinds.has(kind)) {
    add(`${pointer}/kind`, `${kind} is not built yet`)
  }
  const errors = explain(kinds[kind as keyof typeof kinds], activity)
  for (const error of errors) add(pointer + error.pointer, error.detail)
  if (kind === 'sale') checkPrice(activity, pointer, add)
  return errors.length === 0 && builtKinds.has(kind)
}

function checkMoment(text: string, pointer: string, add: Add): number | undefined {
  const value = momentOf(text)
  if (value === undefined) add(pointer, `there is no such moment as ${shown(text)}`)
  else if (value < FIRST_YEAR || value >= LAST_YEAR) add(pointer, 'must lie between the years 2000 and 2099')
  else return value
  return undefined
}

function checkWindow(definition: Definition, add: Add): { opensAt: number; closesAt: number } | undefined {
  const opensAt = checkMoment(definition.opensAt, '/opensAt', add)
  const closesAt = checkMoment(definition.closesAt, '/closesAt', add)
  if (opensAt === undefined || closesAt === undefined) return undefined
  if (closesAt <= opensAt) {
    add('/closesAt', 'must be after opensAt')
    return undefined
  }
  if (closesAt - opensAt > LONGEST_MS) {
    add('/closesAt', 'must be at most 400 days after opensAt')
    return undefined
  }
  return { opensAt, closesAt }
}

function checkUnique(ids: readonly string[], pointerOf: (index: number) => string, add: Add): void {
  const seen = new Set<string>()
  for (const [index, id] of ids.entries()) {
    if (seen.has(id)) add(pointerOf(index), `${shown(id)} is used twice`)
    seen.add(id)
  }
}

interface Span {
  readonly id: string
  readonly opensAt: number
  readonly closesAt: number
  readonly pointer: string
}

/** Sessions of one sale must not overlap: at any moment at most one is open. */
function checkOverlaps(spans: readonly Span[], add: Add): void {
  const sorted = spans.toSorted((a, b) => a.opensAt - b.opensAt)
  for (const [index, span] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before && span.opensAt < before.closesAt) add(span.pointer, `overlaps session ${shown(before.id)}`)
  }
}

function checkSessions(sale: SaleDefinition, pointer: string, context: Context): void {
  const { add, window } = context
  const spans: Span[] = []
  const sessions = sale.sessions ?? []
  for (const [index, session] of sessions.entries()) {
    const here = `${pointer}/sessions/${index}`
    const opensAt = checkMoment(session.opensAt, `${here}/opensAt`, add)
    const closesAt = checkMoment(session.closesAt, `${here}/closesAt`, add)
    if (opensAt === undefined || closesAt === undefined) continue
    if (closesAt <= opensAt) {
      add(`${here}/closesAt`, 'must be after opensAt')
      continue
    }
    if (window && opensAt < window.opensAt) add(`${here}/opensAt`, 'is before the campaign opens')
    if (window && closesAt > window.closesAt) add(`${here}/closesAt`, 'is after the campaign closes')
    spans.push({ id: session.id, opensAt, closesAt, pointer: here })
  }
  checkUnique(
    sessions.map((session) => session.id),
    (index) => `${pointer}/sessions/${index}/id`,
    add
  )
  checkOverlaps(spans, add)
}

function checkDaily(sale: SaleDefinition, pointer: string, add: Add): void {
  const daily = sale.daily ?? []
  const spans: Span[] = []
  for (const [index, entry] of daily.entries()) {
    const here = `${pointer}/daily/${index}`
    const opensAt = minutesOf(entry.from)
    const to = minutesOf(entry.to)
    if (opensAt === to) {
      add(`${here}/to`, 'must differ from `from`; the whole day is "00:00" to "24:00"')
      continue
    }
    const closesAt = to < opensAt ? to + 1440 : to
    spans.push({ id: entry.from, opensAt, closesAt, pointer: here })
    // What goes over midnight meets the next day's entries too.
    if (closesAt > 1440) spans.push({ id: entry.from, opensAt: opensAt - 1440, closesAt: to, pointer: here })
  }
  checkUnique(
    daily.map((entry) => entry.from),
    (index) => `${pointer}/daily/${index}/from`,
    add
  )
  checkOverlaps(spans, add)
}

interface Context {
  readonly add: Add
  /** whether the schema had nothing against the value at a pointer */
  readonly fits: (pointer: string) => boolean
  readonly window: { opensAt: number; closesAt: number } | undefined
}

/** Told also where other fields of the sale are wrong: a wrong price is the dearest mistake of all. */
function checkPrice(sale: Partial<SaleDefinition>, pointer: string, add: Add): void {
  const { listPrice, price } = sale
  if (typeof listPrice === 'number' && typeof price === 'number' && price >= listPrice) {
    add(`${pointer}/price`, `must be below the list price ${listPrice}, but is ${price}`)
  }
}

function checkSale(sale: SaleDefinition, pointer: string, context: Context): void {
  const { add } = context
  if (sale.visibleFrom !== undefined) checkMoment(sale.visibleFrom, `${pointer}/visibleFrom`, add)
  if (sale.sessions && sale.daily) add(`${pointer}/daily`, 'must not stand beside sessions: give one or the other')
  if (!sale.sessions && !sale.daily) add(`${pointer}/sessions`, 'is missing: give sessions, or daily')
  if (sale.sessions) checkSessions(sale, pointer, context)
  if (sale.daily) checkDaily(sale, pointer, add)
}

/** What can only be seen once everything else is right: the sessions that daily entries lead to. */
function checkExpanded(rules: Rules, add: Add): void {
  let total = 0
  for (const [index, sale] of rules.activities.entries()) {
    total += sale.sessions.length
    if (sale.sessions.length === 0) {
      add(`/activities/${index}/daily`, 'leads to no session: none lies wholly inside the campaign')
    }
    // A clock change can move two sessions of a day onto one another that do not touch on the wall clock's face.
    checkOverlaps(
      sale.sessions.map((session) => ({ ...session, pointer: `/activities/${index}/daily` })),
      add
    )
  }
  if (total > MAX_SESSIONS) {
    add('/activities', `have ${total} sessions together; a campaign has at most ${MAX_SESSIONS}`)
  }
}

/** Checks what the schema cannot say; a field that its schema refused already is passed over. */
function checkMeaning(definition: Definition, shapely: readonly boolean[], context: Omit<Context, 'window'>): void {
  const { add, fits } = context
  if (reservedIds.has(definition.id)) add('/id', `${shown(definition.id)} is reserved`)
  if (fits('/timezone') && !isTimezone(definition.timezone)) {
    add('/timezone', `there is no time zone ${shown(definition.timezone)}`)
  }
  if (definition.levels !== undefined) add('/levels', 'levels are not built yet')
  const window = fits('/opensAt') && fits('/closesAt') ? checkWindow(definition, add) : undefined
  checkUnique(
    shapely.map((_, index) => idOf(definition.activities[index], index)),
    (index) => `/activities/${index}/id`,
    add
  )
  for (const [index, fitting] of shapely.entries()) {
    const sale = definition.activities[index]
    if (fitting && sale) checkSale(sale, `/activities/${index}`, { add, fits, window })
  }
}

/** The id of an activity of any shape; one that has none gets a name that no id can equal. */
function idOf(activity: unknown, index: number): string {
  const id = typeof activity === 'object' && activity !== null ? (activity as { id?: unknown }).id : undefined
  return typeof id === 'string' ? id : ` ${index}`
}

/**
 * Checks a campaign definition, of any type and size, and tells everything that is wrong at once (at most 100 errors).
 * @param input the parsed JSON; never changed
 * @returns the definition and the rules it asks for, or the errors with their JSON pointers
 */
export function checkDefinition(input: unknown): Checked {
  const large = tooLarge(input)
  if (large) return { ok: false, errors: [large] }
  const errors: DefinitionError[] = []
  const add: Add = (pointer, detail) => {
    const known = errors.some((error) => error.pointer === pointer && error.detail === detail)
    if (errors.length < MAX_ERRORS && !known) errors.push({ pointer, detail })
  }
  for (const error of explain(EnvelopeSchema, input)) add(error.pointer, error.detail)
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { ok: false, errors }
  const definition = input as Definition
  const shapely = Array.isArray(definition.activities)
    ? definition.activities.map((activity, index) => checkActivityShape(activity, `/activities/${index}`, add))
    : []
  const refused = new Set(errors.map((error) => error.pointer))
  checkMeaning(definition, shapely, { add, fits: (pointer) => !refused.has(pointer) })
  if (errors.length > 0) return { ok: false, errors }
  const rules = rulesOf(definition)
  checkExpanded(rules, add)
  return errors.length > 0 ? { ok: false, errors } : { ok: true, definition, rules }
}

/** What stands against publishing at this moment a definition that is right in itself. */
export function checkPublishable(definition: Definition, now: number): DefinitionError[] {
  return moment(definition.closesAt) <= now ? [{ pointer: '/closesAt', detail: 'is in the past' }] : []
}
