import { createHash } from 'node:crypto'
import type { Publication } from '../journal/publisher.ts'
import type { Names } from '../journal/subjects.ts'
import { issuedUser } from '../store/user-name.ts'
import type { CommandResult } from './command-event.ts'
import { cloudEvent } from './events.ts'

/** Who sent a command: an answer is named by both, so that a command that came twice is answered under one id. */
export interface CommandName {
  readonly source: string
  readonly id: string
  readonly type: string
}

/** The public event that answers a command. */
export function answerOf(names: Names, command: CommandName, result: CommandResult): Publication {
  const id = `command-${createHash('sha256').update(`${command.source}\n${command.id}`).digest('hex').slice(0, 32)}`
  const type = result.accepted ? 'command.accepted' : 'command.rejected'
  const { campaign } = result
  const user = issuedUser(result.user)
  const data = {
    user,
    campaign,
    command: { type: command.type, source: command.source, id: command.id },
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
