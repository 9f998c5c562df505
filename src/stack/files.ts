import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync
} from 'node:fs'
import { dirname } from 'node:path'
import { fileError } from './errors.ts'

/**
 * Makes a folder and the missing ones above it, one by one: Node's own recursive call fails with ENOENT on a read-only disk,
 * and never returns below /proc.
 * @param folder absolute path
 * @throws the system's error of the first folder that cannot be made
 */
export function makeFolder(folder: string, mode: number): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder), mode)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    if (!existsSync(folder)) throw error
  }
}

/**
 * Replaces a whole file: readers see the old text or the new one, also after a crash.
 * @throws CommandError when it cannot be written; the old one is untouched then
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const draft = `${file}.${process.pid}.new`
  try {
    const descriptor = openSync(draft, 'w', mode)
    try {
      fchmodSync(descriptor, mode)
      writeSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw fileError(error, file)
  }
}
