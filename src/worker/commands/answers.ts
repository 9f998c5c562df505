import { cloudEvent } from '../../events/cloud-event.ts'
import type { Publication } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { CommandResult } from './event.ts'

/** Who sent a command, and which of its attempts this is. */
export interface CommandName {
  readonly source: string
  readonly id: string
  readonly type: string
  readonly attempt: number
}

/** An id stands in a header, which holds no line ends and, read by others, better no letters beyond ASCII. */
function headerText(text: string): string {
  const coded = (char: string) => Buffer.from(char).toString('hex').toUpperCase().replace(/../g, '%$&')
  return text.replace(/[^\x21-\x7e]/gu, coded)
}

/**
 * The public event that answers one attempt of a command. An id made of source and id alone would drop every answer but the
 * first: whoever corrects a command that was rejected would never hear that it was done.
 */
export function answerOf(names: Names, command: CommandName, result: CommandResult): Publication {
  const id = headerText(`${command.source}:${command.id}:${command.attempt}`)
  const type = result.accepted ? 'command.accepted' : 'command.rejected'
  const { campaign } = result
  const user = issuedUser(result.user)
  const data = {
    user,
    campaign,
    command: { type: command.type, source: command.source, id: command.id, attempt: command.attempt },
    ...(result.accepted ? result.data : { code: result.code, detail: result.detail })
  }
  return {
    subject: names.eventSubject(campaign, type),
    stream: names.publicStream,
    id,
    payload: cloudEvent(names, { id, type, subject: command.id, at: Date.now(), user }, data),
    contentType: 'application/cloudevents+json'
  }
}
