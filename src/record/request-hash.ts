import { createHash } from 'node:crypto'

const HASH_LENGTH = 11

/**
 * Tells requests with the same key apart: 66 bits of SHA-256 over method, path and body. Who finds a collision deceives
 * only themselves, for keys are scoped to the user.
 * @param body the body as the schema kept it; its fields are sorted, so their order does not matter
 */
export function requestHash(method: string, path: string, body: unknown): string {
  return shortHash(`${method} ${path} ${canonical(body)}`)
}

/** JSON with the fields of every object in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH)
}
