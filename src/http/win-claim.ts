import { scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { type Static, type TSchema, Type } from 'typebox'
import { checkBody } from '../campaign/adjust-body.ts'
import { UnavailableError } from '../gate/gate.ts'
import { ProblemError } from './problems.ts'

const closed = { additionalProperties: false }

function text(maxLength: number, what: string) {
  return Type.String({
    minLength: 1,
    maxLength,
    pattern: '\\S',
    description: `must be ${what} of 1 to ${maxLength} characters`
  })
}

/** Where a physical prize is sent. */
const Address = Type.Object(
  {
    name: text(100, 'a name'),
    phone: text(32, 'a telephone number'),
    country: Type.Optional(
      Type.String({ pattern: '^[A-Z]{2}$', description: 'must be an ISO 3166 code of two capital letters' })
    ),
    province: Type.Optional(text(100, 'a province')),
    city: text(100, 'a city'),
    district: Type.Optional(text(100, 'a district')),
    line1: text(200, 'a street and number'),
    line2: Type.Optional(text(200, 'a second line')),
    postalCode: Type.Optional(text(20, 'a postal code'))
  },
  { ...closed, description: 'must be an address: {"name", "phone", "city", "line1"} and what else it needs' }
)

const AddressBody = Type.Object({ address: Address }, closed)
const AccountBody = Type.Object({ account: text(128, 'an account') }, closed)
const NothingBody = Type.Object({}, closed)

/** The body of a claim as OpenAPI shows it; which of its fields there must be depends on the type of the prize. */
export const WinClaimBody = Type.Unsafe<Record<string, unknown> | null>({
  type: ['object', 'null'],
  title: 'Claim of a win',
  description: 'physical: address; cash: account; other types: nothing',
  properties: {
    address: {
      type: 'object',
      description: 'name, phone, city, line1, and optionally country, province, district, line2, postalCode'
    },
    account: { type: 'string' }
  }
})

/** Where money is sent to, or goods. Personal data: it never enters the journal, logs or events. */
export type WinDetails = Static<typeof AddressBody> | Static<typeof AccountBody>

const bodies: Readonly<Record<string, TSchema>> = { physical: AddressBody, cash: AccountBody }

/**
 * What the claim of a prize of this type says; undefined for types whose claim says nothing.
 * @throws ProblemError VALIDATION with all that is wrong
 */
export function detailsOf(type: string, body: unknown): WinDetails | undefined {
  const schema = bodies[type]
  const checked = checkBody(schema ?? NothingBody, body ?? {})
  if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
  return schema === undefined ? undefined : (checked.body as WinDetails)
}

const HASH_LENGTH = 11
const WAITING_MAX = 100
const scrypted = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>

/** @throws UnavailableError when too many wait already */
export type DetailsHash = (win: string, details: WinDetails) => Promise<string>

/**
 * Tells requests to claim a win apart by their details. It goes into the journal, so it must not give away what it is made
 * of: a telephone number is found from its SHA-256 in a minute, from scrypt (some 50 ms each) in years. Node runs it
 * outside of the event loop, and here one at a time: nobody can keep the machine busy with it.
 */
export function createDetailsHash(): DetailsHash {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (win, details) => {
    if (waiting >= WAITING_MAX) throw new UnavailableError('Too many claim prizes at this moment.')
    waiting += 1
    try {
      const mine = last.then(() => scrypted(JSON.stringify(sorted(details)), `floodgate win ${win}`, 16))
      last = mine.catch(() => undefined)
      return (await mine).toString('base64url').slice(0, HASH_LENGTH)
    } finally {
      waiting -= 1
    }
  }
}

/** The same object with its fields in order, so that their order in the request does not matter. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]))
}
