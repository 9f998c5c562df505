import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError, systemCodeOf } from '../base/errors.ts'
import { fileError } from './errors.ts'
import { replaceFile } from './files.ts'
import { startTimeOf } from './processes/processes.ts'

interface Lock {
  release(): void
}

/**
 * Takes the lock of a home for this process. A lock is valid while its process lives; the process's start time
 * distinguishes it from a later process with the same id. (Node has no file locks of the kernel; a socket as lock does not work across
 * containers, and its path must be short.)
 * @throws CommandError when another process holds it
 */
export function takeLock(home: string): Lock {
  const file = join(home, 'up.lock')
  const mine = `${process.pid} ${startTimeOf(process.pid)}`
  const draft = `${file}.${process.pid}`
  replaceFile(draft, mine, 0o600)
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (tryLink(draft, file)) {
        return {
          release: () => {
            if (readLock(file) === mine) rmSync(file, { force: true })
          }
        }
      }
      const held = readLock(file)
      if (isHeld(held)) throw alreadyRunning(home, held)
      putAside(file, held)
    }
    throw alreadyRunning(home, readLock(file))
  } catch (error) {
    throw error instanceof CommandError ? error : fileError(error, file)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** A link is made whole or not at all, if one exists already; others could read a half-written file. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false
    throw error
  }
}

function readLock(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isHeld(held: string): boolean {
  const [pid, startTime = ''] = held.split(' ')
  return startTime !== '' && startTimeOf(Number(pid)) === startTime
}

/** Moves a stale lock away; if another process took the lock meanwhile, the moved file is its lock and is moved back. */
function putAside(file: string, stale: string): void {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return
    throw error
  }
  if (readLock(aside) !== stale) tryLink(aside, file)
  rmSync(aside, { force: true })
}

function alreadyRunning(home: string, held: string): CommandError {
  const pid = held.split(' ')[0] ?? ''
  return new CommandError(
    `A stack is already running in ${home} (process ${pid || 'unknown'}).`,
    `Two stacks cannot share one home; its addresses are in ${join(home, 'stack.json')}.`,
    `Stop it with Ctrl-C or kill ${pid || '<pid>'}, or start this one elsewhere, on free ports:\n  FLOODGATE_HOME=.floodgate-2 PORT=0 ADMIN_PORT=0 npm start`
  )
}
