import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { CommandError } from '../../src/base/errors.ts'
import { findExecutable } from '../../src/stack/processes/programs.ts'

const run = promisify(execFile)

/** Counts what the Redis executes that is started next. */
export interface InstructionCounter {
  /** Counts on while `work` runs. @returns thousands of instructions, of all threads of the Redis with this pid */
  during(pid: number, work: () => Promise<void>): Promise<number>
}

/**
 * Puts a `redis-server` first on this process' PATH that runs the real one under callgrind. Instructions are the same however busy the
 * machine is: two runs of one version differ by 0.2 %.
 * @param folder for the program and for callgrind's profiles, one for each count (`callgrind_annotate` reads them)
 * @throws CommandError when valgrind or Redis is missing
 */
export function countInstructions(folder: string): InstructionCounter {
  const [valgrind, redis] = [findExecutable('valgrind'), findExecutable('redis-server')]
  if (valgrind === undefined || redis === undefined) {
    throw new CommandError(
      'valgrind or redis-server is not installed.',
      'Instructions of Redis are counted by valgrind.',
      'Install both: sudo apt-get install -y --no-install-recommends valgrind redis-server'
    )
  }
  const [programs, profile] = [resolve(folder, 'programs'), resolve(folder, 'profile')]
  mkdirSync(programs, { recursive: true })
  const counted = `${valgrind} --tool=callgrind --instr-atstart=no --callgrind-out-file=${profile} ${redis}`
  writeFileSync(
    join(programs, 'redis-server'),
    `#!/bin/sh\n[ "$1" = --version ] && exec ${redis} "$@"\nexec ${counted} "$@" --hz 1 --dynamic-hz no\n`
  )
  chmodSync(join(programs, 'redis-server'), 0o755)
  process.env.PATH = `${programs}${delimiter}${process.env.PATH ?? ''}`
  const tell = (pid: number, ...what: string[]) => run('callgrind_control', [...what, String(pid)])
  let taken = 0
  return {
    async during(pid, work) {
      await tell(pid, '--instr=on')
      await tell(pid, '--zero')
      await work()
      await tell(pid, '--dump')
      await tell(pid, '--instr=off')
      taken += 1
      return countOf(readFileSync(`${profile}.${taken}`, 'utf8')) / 1000
    }
  }
}

/** @throws Error when the text is no profile of callgrind */
function countOf(profile: string): number {
  const count = /^(?:totals|summary): (\d+)/m.exec(profile)?.[1]
  if (count === undefined) throw new Error('callgrind wrote a profile without a sum.')
  return Number(count)
}
