import type { Kind } from '../../base/kinds.ts'
import { type ActivityDefinition, isKind, kindOf, kinds, kindsThat, schemas } from '../kinds/index.ts'
import { heldPrizesOf } from '../kinds/prizes.ts'
import { moment } from '../parts/activity.ts'
import { LONGEST_MS, MAX_DAYS, MAX_SESSIONS } from '../parts/bounds.ts'
import { CalendarLists, CampaignCalendar, checkCalendar } from '../parts/calendar.ts'
import { type Add, type Context, checkMoment, checkOverlaps, checkUnique, checkUnits } from '../parts/check.ts'
import { currencyCode } from '../parts/currencies.ts'
import { type DefinitionError, explain, MAX_ERRORS, pointerStep, shown, tooLarge } from '../parts/explain.ts'
import { checkLevels } from '../parts/levels.ts'
import { isTimezone } from '../parts/local-time.ts'
import { REWARD_WORDS } from '../parts/shapes.ts'
import { type Definition, EnvelopeSchema } from './document.ts'
import { type Rules, rulesOf } from './rules.ts'

/** Ids with which a subject or a path would have two meanings. */
export const reservedIds = new Set(['commands'])

export type Checked =
  | { readonly ok: true; readonly definition: Definition; readonly rules: Rules }
  | { readonly ok: false; readonly errors: DefinitionError[] }

function checkActivityShape(activity: unknown, pointer: string, add: Add): boolean {
  const kind = typeof activity === 'object' && activity !== null ? (activity as { kind?: unknown }).kind : undefined
  if (typeof activity !== 'object' || activity === null || Array.isArray(activity)) {
    add(pointer, `must be an object, but is ${shown(activity)}`)
    return false
  }
  if (typeof kind !== 'string' || !isKind(kind)) {
    const names = Object.keys(schemas).join(', ')
    add(`${pointer}/kind`, kind === undefined ? 'is missing' : `must be one of ${names}, but is ${shown(kind)}`)
    return false
  }
  const { schema, checkAnyway } = kindOf({ kind })
  const errors = explain(schema, activity)
  for (const error of errors) add(pointer + error.pointer, error.detail)
  checkAnyway?.(activity, pointer, add)
  return errors.length === 0
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
    add('/closesAt', `must be at most ${MAX_DAYS} days after opensAt`)
    return undefined
  }
  return { opensAt, closesAt }
}

/** Checks what only a valid definition shows: the sessions that its daily entries lead to. */
function checkExpanded(rules: Rules, add: Add): void {
  let total = 0
  for (const [index, activity] of rules.activities.entries()) {
    total += activity.sessions.length
    if (activity.sessions.length === 0) {
      add(`/activities/${index}/daily`, 'leads to no session: none lies wholly inside the campaign')
    }
    // A clock change can make two sessions of a day overlap that do not overlap by the wall clock.
    checkOverlaps(
      activity.sessions.map((session) => ({ ...session, pointer: `/activities/${index}/daily` })),
      add
    )
  }
  for (const [index, activity] of rules.activities.entries()) {
    const ids = heldPrizesOf(activity).map(({ id }) => id)
    checkUnique(
      ids,
      () => `/activities/${index}`,
      (pointer, detail) => add(pointer, `prize ${detail}: each reward has its own`)
    )
  }
  if (total > MAX_SESSIONS) {
    add('/activities', `have ${total} sessions together; a campaign has at most ${MAX_SESSIONS}`)
  }
}

/** Checks the calendar by the schema of what it is, so that errors name the date. */
function checkCampaignCalendar(calendar: unknown, add: Add): void {
  if (calendar === undefined) return
  const isLists = typeof calendar === 'object' && calendar !== null && !Array.isArray(calendar)
  const errors = explain(isLists ? CalendarLists : CampaignCalendar, calendar)
  for (const { pointer, detail } of errors) add(`/calendar${pointer}`, detail)
  if (isLists && errors.length === 0) checkCalendar(calendar as CalendarLists, '/calendar', add)
}

/** A right to take part by a reservation is of this very activity. */
function checkReservations({ activities }: Rules, add: Add): void {
  for (const [index, { id, requires }] of activities.entries()) {
    const { reservation = '' } = requires
    if (reservation === '') continue
    const named = activities.find((other) => other.id === reservation)
    if (named && kindOf(named).reserves?.(named).of === id) continue
    add(`/activities/${index}/requires/reservation`, `there is no reservation ${shown(reservation)} of ${id}`)
  }
}

/** A ticket is asked for where users take part by a request that is worth something by itself. */
function checkTickets({ activities }: Rules, add: Add): void {
  const takers = kindsThat(({ takesTickets }) => takesTickets === true)
  for (const [index, { kind, requires }] of activities.entries()) {
    if (!requires.ticket || takers.includes(kind)) continue
    add(`/activities/${index}/requires/ticket`, `is for activities of kind ${takers.join(' and ')}`)
  }
}

/** What a campaign gave of an account's unit may expire, once the campaign is over; its own units end with it. */
function checkExpiry(units: NonNullable<Definition['units']>, closesAt: number | undefined, { add, fits }: Checking) {
  for (const [unit, rules] of Object.entries(units)) {
    const pointer = `/units/${pointerStep(unit)}/expiresAt`
    if (!fits(`/units/${pointerStep(unit)}`) || !fits(pointer) || rules.expiresAt === undefined) continue
    const moment = checkMoment(rules.expiresAt, pointer, add)
    if (rules.scope === 'campaign') add(pointer, 'is for units of the account: those of a campaign end with it')
    else if (moment !== undefined && closesAt !== undefined && moment < closesAt) {
      add(pointer, 'is before the campaign closes')
    }
  }
}

/** The declared units that have the right form. */
function unitsOfDefinition(definition: Definition, add: Add): NonNullable<Definition['units']> {
  const { units } = definition
  if (typeof units !== 'object' || units === null || Array.isArray(units)) return {}
  for (const word of REWARD_WORDS) {
    if (Object.hasOwn(units, word)) add(`/units/${word}`, 'means something else in rewards: choose another name')
  }
  return units
}

function checkActivity(activity: ActivityDefinition, pointer: string, context: Context): void {
  if (activity.visibleFrom !== undefined) checkMoment(activity.visibleFrom, `${pointer}/visibleFrom`, context.add)
  kindOf(activity).check(activity, pointer, context)
}

interface Checking {
  readonly add: Add
  /** whether the value at a pointer passed the schema */
  readonly fits: (pointer: string) => boolean
}

/** Names of grant caps that are not units: for chances of all draws, for entitlements of all names. */
const cappedWords: ReadonlySet<string> = new Set(['chances', 'entitlement'])

/** Checks what the schema cannot say; skips a field that the schema refused. */
function checkMeaning(definition: Definition, shapely: readonly boolean[], { add, fits }: Checking): void {
  if (reservedIds.has(definition.id)) add('/id', `${shown(definition.id)} is reserved`)
  if (fits('/timezone') && !isTimezone(definition.timezone)) {
    add('/timezone', `there is no time zone ${shown(definition.timezone)}`)
  }
  const window = fits('/opensAt') && fits('/closesAt') ? checkWindow(definition, add) : undefined
  checkCampaignCalendar(definition.calendar, add)
  const units = unitsOfDefinition(definition, add)
  checkExpiry(units, window?.closesAt, { add, fits })
  const grantCap = fits('/policies') && fits('/policies/grantCap') ? definition.policies?.grantCap : undefined
  const capped = Object.keys(grantCap ?? {}).filter((unit) => !cappedWords.has(unit))
  checkUnits(capped, '/policies/grantCap', { add, units })
  const activities: ReadonlyArray<ActivityDefinition | undefined> = shapely.map(
    (_, index) => definition.activities[index]
  )
  const ids = shapely.map((_, index) => idOf(activities[index], index))
  checkUnique(ids, (index) => `/activities/${index}/id`, add)
  const kindById = new Map(ids.map((id, index) => [id, (activities[index] as { kind?: unknown } | null)?.kind]))
  const context: Context = {
    add,
    window,
    units,
    kindById,
    withChances: kindsThat(({ hasChances }) => hasChances === true),
    completed: kindsThat(({ isCompleted }) => isCompleted === true),
    reserved: kindsThat(({ isReserved }) => isReserved === true),
    inMoney: kindsThat(({ price }) => price?.in === 'money'),
    currencies: currenciesOf(activities.filter((_, index) => shapely[index]))
  }
  for (const [index, fitting] of shapely.entries()) {
    const activity = activities[index]
    if (fitting && activity) checkActivity(activity, `/activities/${index}`, context)
  }
  for (const kind of Object.keys(kinds) as Kind[]) {
    const own = activities.map((activity, index) => (shapely[index] && activity?.kind === kind ? activity : undefined))
    kindOf({ kind }).checkTogether?.(own, add)
  }
}

function currenciesOf(activities: ReadonlyArray<ActivityDefinition | undefined>): Set<string> {
  return new Set(
    activities.flatMap((activity) =>
      activity !== undefined && 'currency' in activity ? [currencyCode(activity.currency)] : []
    )
  )
}

/** The id of an activity of any shape; an activity without one gets a name that no id can equal. */
function idOf(activity: unknown, index: number): string {
  const id = typeof activity === 'object' && activity !== null ? (activity as { id?: unknown }).id : undefined
  return typeof id === 'string' ? id : ` ${index}`
}

/**
 * Checks a campaign definition, of any type and size, and returns all errors at once (at most 100).
 * @param input the parsed JSON; never changed
 * @returns the definition and its rules, or the errors with their JSON pointers
 */
export function checkDefinition(input: unknown): Checked {
  const known = typeof input === 'object' && input !== null ? remembered.get(input) : undefined
  return known ?? checkAnew(input)
}

/** Results of objects that were checked elsewhere (check-apart.ts). */
const remembered = new WeakMap<object, Checked>()

/** Makes checkDefinition return `checked` for this same object, which must not be changed. */
export function rememberChecked(input: object, checked: Checked): void {
  remembered.set(input, checked)
}

function checkAnew(input: unknown): Checked {
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
  checkReservations(rules, add)
  checkTickets(rules, add)
  const isShared = definition.activities.some((activity) => kindOf(activity).isShared === true)
  checkLevels(definition.levels ?? [], { currencies: currenciesOf(definition.activities), isShared }, add)
  return errors.length > 0 ? { ok: false, errors } : { ok: true, definition, rules }
}

/** The reasons why a valid definition cannot be published at this moment. */
export function checkPublishable(definition: Definition, now: number): DefinitionError[] {
  return moment(definition.closesAt) <= now ? [{ pointer: '/closesAt', detail: 'is in the past' }] : []
}
