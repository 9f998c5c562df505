import { count, moment, money } from '../../words.ts'

interface Part {
  readonly id: string
  readonly remaining: number | null
  readonly closesAt?: string
}

/** An activity that is to be changed, as it runs. */
export interface Adjusted {
  readonly id: string
  readonly paused: boolean
  readonly sessions: readonly Part[]
  /** those with a quota */
  readonly prizes: readonly Part[]
}

/** What is in force of an activity, as far as it can be changed. */
export interface InForce {
  readonly id: string
  readonly price?: number
  readonly currency?: string
  readonly listPrice?: number
  readonly unitsPerUser?: number
  readonly attemptsPerDay?: number
  readonly limits?: Readonly<Record<string, unknown>>
  readonly prizes?: ReadonlyArray<{ readonly id: string; readonly weight?: number }>
}

export interface Facts {
  readonly activity: Adjusted
  readonly rules: InForce | undefined
}

type Typed = Readonly<Record<string, string>>

/** Something that is typed or chosen. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly kind: 'number' | 'moment' | 'choice'
  readonly options?: readonly string[]
  readonly optional?: boolean
}

/** What a change will come to; without `body` more has to be said first. */
interface Asked {
  readonly effect: string
  readonly body?: Readonly<Record<string, unknown>>
}

/** One thing that can be changed of an activity. */
interface Way {
  readonly label: string
  readonly offered: (facts: Facts) => boolean
  readonly fields: (facts: Facts) => readonly Field[]
  readonly read: (typed: Typed, facts: Facts) => Asked
}

const LIMITS = ['unitsPerUser', 'perDay', 'perCampaign', 'winsPerCampaign', 'attemptsPerDay'] as const
const partsOf = ({ activity }: Facts) => (activity.prizes.length > 0 ? activity.prizes : activity.sessions)
const partWord = ({ activity }: Facts) => (activity.prizes.length > 0 ? 'prize' : 'session')
const choice = (name: string, label: string, options: readonly string[]): Field => ({
  name,
  label,
  kind: 'choice',
  options
})

function stockAsked(typed: Typed, facts: Facts): Asked {
  const part = typed.part ?? partsOf(facts)[0]?.id ?? ''
  const remaining = partsOf(facts).find(({ id }) => id === part)?.remaining ?? 0
  const units = Number(typed.units ?? '')
  if (!Number.isInteger(units) || units === 0)
    return { effect: 'Say how many units to add, or with a minus how many to take away.' }
  const body = { [partWord(facts)]: part, addStock: units }
  if (units > 0)
    return {
      body,
      effect: `${count(remaining)} left now, ${count(remaining + units)} after it. What is sold out opens again at once.`
    }
  const taken = Math.min(remaining, -units)
  const short = -units - taken
  const missing = short > 0 ? ` ${count(short)} of them are not there to take.` : ''
  return { body, effect: `${count(remaining)} left now, ${count(remaining - taken)} after it.${missing}` }
}

function priceAsked(typed: Typed, { rules }: Facts): Asked {
  const { price = 0, currency = '' } = rules ?? {}
  if ((typed.price ?? '') === '') return { effect: `It costs ${money(price, currency)} now.` }
  const next = Number(typed.price)
  const more = next > price ? 'dearer' : 'cheaper'
  return {
    body: { price: next },
    effect: `${money(price, currency)} now, ${money(next, currency)} (${more}) for whoever buys from then on. Orders that are placed keep their price.`
  }
}

const limitNow = ({ rules }: Facts, name: string): number | undefined => {
  const known = rules?.limits?.[name] ?? (rules as Readonly<Record<string, unknown>> | undefined)?.[name]
  return typeof known === 'number' ? known : undefined
}

function limitAsked(typed: Typed, facts: Facts): Asked {
  const name = typed.limit ?? LIMITS[0]
  const now = limitNow(facts, name)
  const most = typed.most ?? ''
  const after = most === '' ? 'no limit' : count(Number(most))
  return {
    body: { limits: { [name]: most === '' ? null : Number(most) } },
    effect: `${name}: ${now === undefined ? 'no limit' : count(now)} now, ${after} from the next request on. What users have already stays theirs.`
  }
}

const weighted = ({ rules }: Facts) =>
  (rules?.prizes ?? []).flatMap(({ id, weight }) => (weight === undefined ? [] : [{ id, weight }]))

const percent = (part: number, whole: number): string =>
  whole === 0 ? '0 %' : `${((part / whole) * 100).toPrecision(3)} %`

function weightAsked(typed: Typed, facts: Facts): Asked {
  const prizes = weighted(facts)
  const chosen = typed.prize ?? prizes[0]?.id ?? ''
  const now = prizes.find(({ id }) => id === chosen)?.weight ?? 0
  const sum = prizes.reduce((total, { weight }) => total + weight, 0)
  if ((typed.weight ?? '') === '') return { effect: `${chosen} has ${now} of ${sum} now: ${percent(now, sum)}.` }
  const next = Number(typed.weight)
  return {
    body: { weights: { [chosen]: next } },
    effect: `${chosen}: ${percent(now, sum)} now, ${percent(next, sum - now + next)} from the next spin on. The odds that users see change with it.`
  }
}

function closingAsked(typed: Typed, { activity }: Facts): Asked {
  const session = typed.session ?? activity.sessions[0]?.id ?? ''
  const known = activity.sessions.find(({ id }) => id === session)?.closesAt
  if ((typed.closesAt ?? '') === '') return { effect: `${session} closes ${moment(known)}.` }
  const closesAt = new Date(typed.closesAt ?? '').toISOString()
  return {
    body: { session, closesAt },
    effect: `${session} closes ${moment(known)} now, and ${moment(closesAt)} after it.`
  }
}

/** What can be changed, by name. */
export const ways: Readonly<Record<string, Way>> = {
  stock: {
    label: 'Stock',
    offered: (facts) => partsOf(facts).some(({ remaining }) => remaining !== null),
    fields: (facts) => [
      choice(
        'part',
        partWord(facts) === 'prize' ? 'Prize' : 'Session',
        partsOf(facts).map(({ id }) => id)
      ),
      { name: 'units', label: 'Units', kind: 'number' }
    ],
    read: stockAsked
  },
  price: {
    label: 'Price',
    offered: ({ rules }) => rules?.price !== undefined,
    fields: () => [{ name: 'price', label: 'Price, in the smallest unit of the currency', kind: 'number' }],
    read: priceAsked
  },
  limits: {
    label: 'Limits',
    offered: (facts) => facts.rules?.limits !== undefined || LIMITS.some((name) => limitNow(facts, name) !== undefined),
    fields: () => [
      choice('limit', 'Limit', LIMITS),
      { name: 'most', label: 'At most (empty: no limit)', kind: 'number', optional: true }
    ],
    read: limitAsked
  },
  weights: {
    label: 'Odds',
    offered: (facts) => weighted(facts).length > 0,
    fields: (facts) => [
      choice(
        'prize',
        'Prize',
        weighted(facts).map(({ id }) => id)
      ),
      { name: 'weight', label: 'Weight', kind: 'number' }
    ],
    read: weightAsked
  },
  closing: {
    label: 'Closing time',
    offered: ({ activity }) => activity.sessions.length > 0,
    fields: ({ activity }) => [
      choice(
        'session',
        'Session',
        activity.sessions.map(({ id }) => id)
      ),
      { name: 'closesAt', label: 'Closes, by your clock', kind: 'moment' }
    ],
    read: closingAsked
  },
  pause: {
    label: 'Pause or go on',
    offered: () => true,
    fields: () => [],
    read: (_, { activity }) => ({
      body: { paused: !activity.paused },
      effect: activity.paused
        ? `${activity.id} goes on at once with what is left.`
        : `Nobody can take anything of ${activity.id} until it goes on. The other activities do not stop.`
    })
  }
}
