import type pg from 'pg'
import { type Static, type TSchema, Type } from 'typebox'
import { checkBody } from '../../campaign/change/patch.ts'
import { ProblemError } from '../problems/problems.ts'
import { keyedHash } from '../wire/keyed-hash.ts'

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

/** The body of a claim as OpenAPI shows it; the type of the prize decides which fields are required. */
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

/** Where money or goods are sent to. Personal data: it never enters the journal, logs or events. */
export type WinDetails = Static<typeof AddressBody> | Static<typeof AccountBody>

const bodies: Readonly<Record<string, TSchema>> = { physical: AddressBody, cash: AccountBody }

/**
 * The details in the claim of a prize of this type; undefined for types without details.
 * @throws ProblemError VALIDATION with all errors
 */
export function detailsOf(type: string, body: unknown): WinDetails | undefined {
  const schema = bodies[type]
  const checked = checkBody(schema ?? NothingBody, body ?? {})
  if (!checked.ok) throw new ProblemError('VALIDATION', { errors: checked.errors })
  return schema === undefined ? undefined : (checked.body as WinDetails)
}

/**
 * The hash that distinguishes claims of a win by their details, for the journal.
 * @throws UnavailableError while its secret was never read and Postgres does not answer
 */
export function hashOfDetails(pool: pg.Pool, win: string, details: WinDetails): Promise<string> {
  return keyedHash(pool, 'win-details', `${win} ${JSON.stringify(sorted(details))}`)
}

/** Whether two objects are equal; the order of fields does not matter. */
export function sameDetails(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

/** The same object with its fields in order, so that their order in the request does not matter. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]))
}
