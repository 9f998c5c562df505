import { execFile } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemCodeOf } from '../../../src/base/errors.ts'
import { SkipRow } from './lane.ts'

const run = promisify(execFile)
const chunk = Buffer.alloc(64 * 1024)

/** A file system of a few megabytes, to be filled up. */
export interface SmallDisk {
  readonly folder: string
  /** Fills what is left. @returns bytes written */
  fill(): number
  /** Gives the space back. */
  free(): void
  unmount(): Promise<void>
}

/**
 * Mounts a small file system in memory.
 * @throws SkipRow for users who may not mount anything
 */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  if (process.getuid?.() !== 0) throw new SkipRow('a full disk needs a small file system, which only root may mount')
  mkdirSync(folder, { recursive: true })
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'floodgate-faults', folder])
  } catch (error) {
    throw new SkipRow(`no small file system can be mounted here: ${error instanceof Error ? error.message : error}`)
  }
  const filler = join(folder, 'filler')
  return {
    folder,
    fill: () => fillUp(filler),
    free: () => rmSync(filler, { force: true }),
    unmount: async () => {
      // a server that has just ended may still be letting go
      await run('umount', [folder]).catch(() => run('umount', ['--lazy', folder]))
    }
  }
}

function fillUp(file: string): number {
  const descriptor = openSync(file, 'a')
  let written = 0
  try {
    for (let size = chunk.length; size > 0; ) {
      try {
        written += writeSync(descriptor, chunk, 0, size)
      } catch (error) {
        if (systemCodeOf(error) !== 'ENOSPC') throw error
        size = Math.floor(size / 2)
      }
    }
    return written
  } finally {
    closeSync(descriptor)
  }
}
