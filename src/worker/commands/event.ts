import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { ID_PATTERN } from '../../base/shapes.ts'

export const Id = Type.String({ pattern: ID_PATTERN })
export const UserId = Type.String({ minLength: 1, maxLength: 255 })
export const Word = Type.String({ minLength: 1, maxLength: 256 })

const Envelope = Type.Object({
  specversion: Type.Literal('1.0'),
  id: Word,
  source: Word,
  time: Type.Optional(Type.String()),
  data: Type.Unknown()
})

/** A command as other systems send it: a CloudEvent. */
export type CommandEvent = Static<typeof Envelope>

export const envelope = Compile(Envelope)

/** The result of a command. */
export type CommandResult = {
  /** '' if the command names none that could be read */
  readonly campaign: string
  readonly user: string
} & (
  | { readonly accepted: true; readonly data: Record<string, unknown> }
  | { readonly accepted: false; readonly code: string; readonly detail: string }
)

/** A refusal. @param about what could be read of the subject of the command */
export function rejected(
  code: string,
  detail: string,
  about: { readonly campaign: string; readonly user: string } = { campaign: '', user: '' }
): CommandResult {
  return { ...about, accepted: false, code, detail }
}

/** The first error of a validator, as a text for people. */
export function complaint(
  validator: { Errors(value: unknown): ReadonlyArray<{ readonly instancePath: string; readonly message: string }> },
  value: unknown
): string {
  const [first] = validator.Errors(value)
  return `${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`.trim()
}
