import type { FastifySchemaValidationError } from 'fastify'

/** One error in a request. */
interface FieldError {
  /** JSON pointer (RFC 6901) into the body, or a slash and the name of a query parameter */
  readonly pointer: string
  readonly detail: string
}

const ERRORS_MAX = 50

/** The validator's errors in the form of the contract; at most 50 of them. */
export function validationErrors(found: readonly FastifySchemaValidationError[]): FieldError[] {
  return found.slice(0, ERRORS_MAX).map(({ keyword, instancePath, params, message }) => {
    if (keyword === 'required') {
      return { pointer: `${instancePath}/${escapePointer(params.missingProperty)}`, detail: 'is required' }
    }
    if (keyword === 'additionalProperties') {
      return { pointer: `${instancePath}/${escapePointer(params.additionalProperty)}`, detail: 'is not a known field' }
    }
    return { pointer: instancePath, detail: message ?? 'is not valid' }
  })
}

function escapePointer(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1')
}
