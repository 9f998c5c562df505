import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { fileError } from './errors.ts'

/**
 * Replaces a file as a whole: readers see the old text or the new one, also after a crash.
 * @throws StackError when it cannot be written; the old one is untouched then
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
