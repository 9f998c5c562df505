/**
 * An expected failure of a command: what happened, what it means, what to do. The message is all that a person sees,
 * without a stack trace.
 */
export class StackError extends Error {
  constructor(what: string, meaning: string, remedy: string) {
    super(`${what}\n  ${meaning}\n  ${remedy}`)
    this.name = 'StackError'
  }
}

/** The system's code of an error (ENOSPC, EACCES, ...), '' when it has none. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return ''
}

/** The text of anything thrown. A group of failed connection attempts has no text of its own: its first one speaks. */
export function textOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return textOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** Turns a file system error at `path` into one that people can act on; other errors come back as they are. */
export function fileError(error: unknown, path: string): Error {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new StackError(
        `The disk is full: ${path} could not be written.`,
        'Nothing was changed in the data that is already there.',
        'Free some space, or set FLOODGATE_HOME to a folder on a larger disk, and start again.'
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StackError(
        `${path} cannot be written: ${textOf(error)}.`,
        'The local stack keeps its data there and needs a folder of its own that it may write.',
        'Change its owner, or set FLOODGATE_HOME to a folder that belongs to you, and start again.'
      )
    case 'ENOENT':
      return new StackError(
        `${path} cannot be made: ${textOf(error)}.`,
        'The local stack needs a folder there, and the place does not take one.',
        'Set FLOODGATE_HOME to a folder on an ordinary disk, and start again.'
      )
    case 'ENOTDIR':
    case 'EEXIST':
      return new StackError(
        `${path} is in the way: ${textOf(error)}.`,
        'The local stack needs a folder there.',
        'Move that file away, or set FLOODGATE_HOME to another folder, and start again.'
      )
    default:
      return error instanceof Error ? error : new Error(String(error))
  }
}
