import { cloudEvent } from '../../events/cloud-event.ts'
import type { Publication } from '../../journal/publisher.ts'
import type { Names } from '../../journal/subjects.ts'
import { issuedUser } from '../../store/connection/user-name.ts'
import type { CommandResult } from './event.ts'

/** The source and id of a command, and which attempt this is. */
export interface CommandName {
  readonly source: string
  readonly id: string
  readonly type: string
  readonly attempt: number
}

/** An id is a header value, so it must have no line ends; it is ASCII only, because other readers may not accept more. */
function headerText(text: string): string {
  const coded = (char: string) => Buffer.from(char).toString('hex').toUpperCase().replace(/../g, '%$&')
  return text.replace(/[^\x21-\x7e]/gu, coded)
}

/**
 * The public event that answers one attempt of a command. An id made only from source and id would drop every answer except
 * the first: a sender who corrects a rejected command would never learn that it was done.
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
