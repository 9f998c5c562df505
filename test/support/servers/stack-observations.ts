import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'nats'
import type { StackFile } from '../../../src/stack/home.ts'

/** Folders and files of a home that somebody but their owner may use. */
export function openToOthers(home: string): string[] {
  const below = readdirSync(home, { recursive: true, encoding: 'utf8' }).map((name) => join(home, name))
  // files of running servers come and go
  const modeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return [home, ...below].filter((path) => (modeOf(path) & 0o077) !== 0)
}

/** The newest event on the public stream that tells of an accepted order. */
export async function lastOrderEvent(stack: StackFile): Promise<{ id: string; type: string } | undefined> {
  const { natsUrl: servers, natsUser: user, natsPassword: pass } = stack
  const nats = await connect({ servers, user, pass })
  try {
    const manager = await nats.jetstreamManager()
    const message = await manager.streams.getMessage('FLOODGATE', { last_by_subj: 'floodgate.launch.order.accepted' })
    return message.json<{ id: string; type: string }>()
  } catch {
    return undefined
  } finally {
    await nats.close()
  }
}
