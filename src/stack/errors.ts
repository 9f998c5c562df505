import { CommandError, messageOf, systemCodeOf } from '../base/errors.ts'

/** Turns a file system error at `path` into one that says what to do; returns other errors unchanged. */
export function fileError(error: unknown, path: string): Error {
  switch (systemCodeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new CommandError(
        `The disk is full: ${path} could not be written.`,
        'Nothing was changed in the data that is already there.',
        'Free some space, or set FLOODGATE_HOME to a folder on a larger disk, and start again.'
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new CommandError(
        `${path} cannot be written: ${messageOf(error)}.`,
        'The local stack keeps its data there and needs a folder of its own that it may write.',
        'Change its owner, or set FLOODGATE_HOME to a folder that belongs to you, and start again.'
      )
    case 'ENOENT':
      return new CommandError(
        `${path} cannot be made: ${messageOf(error)}.`,
        'The local stack needs a folder there, and the place does not take one.',
        'Set FLOODGATE_HOME to a folder on an ordinary disk, and start again.'
      )
    case 'ENOTDIR':
    case 'EEXIST':
      return new CommandError(
        `${path} is in the way: ${messageOf(error)}.`,
        'The local stack needs a folder there.',
        'Move that file away, or set FLOODGATE_HOME to another folder, and start again.'
      )
    default:
      return error instanceof Error ? error : new Error(String(error))
  }
}
