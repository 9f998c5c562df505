import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

/** How test files are played. */
interface Playing {
  /** the folder that the files are relative to */
  readonly root: string
  /** files side by side */
  readonly jobs: number
  readonly env: NodeJS.ProcessEnv
  /** after which a file that has not ended is a failed one */
  readonly fileSeconds: number
  /** gets each file as it ends, and what it printed: the lines of its TAP below those of a run, the last one says `ok` or `not ok` */
  readonly ended: (file: string, lines: readonly string[]) => void
}

const graceSeconds = 60
const signals = ['SIGINT', 'SIGTERM'] as const

/**
 * Plays compiled test files, each in a process of its own, and returns when all have ended. Each is a plain program that prints
 * TAP: the runner of tap would load two hooks for every module of every process below, which doubled what a file costs.
 */
export async function playFiles(files: readonly string[], playing: Playing): Promise<void> {
  const waiting = [...files]
  const running = new Set<ChildProcess>()
  const stop = (signal: NodeJS.Signals): void => {
    waiting.length = 0
    for (const child of running) child.kill(signal)
  }
  for (const signal of signals) process.on(signal, stop)
  let number = 0
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { ok, lines, ms } = await playFile(file, playing, running)
      number += 1
      const result = `${ok ? 'ok' : 'not ok'} ${number} - ${file} # time=${ms.toFixed(0)}ms`
      playing.ended(file, [`# Subtest: ${file}`, ...lines.map((line) => `    ${line}`), result])
    }
  }
  await Promise.all(Array.from({ length: playing.jobs }, lane))
  for (const signal of signals) process.off(signal, stop)
}

interface Played {
  readonly ok: boolean
  readonly lines: readonly string[]
  readonly ms: number
}

function playFile(file: string, { root, env, fileSeconds }: Playing, running: Set<ChildProcess>): Promise<Played> {
  const startedAt = performance.now()
  // traces name the lines of the sources
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, file)], {
    cwd: root,
    // the last two keep out of the text what only a run by hand needs
    env: { ...env, TAP_TIMEOUT: String(fileSeconds), TAP_CHILD_ID: '1', TAP_OMIT_VERSION: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // tap ends a late file itself and says what it waited for, unless the file keeps its thread busy
    timeout: (fileSeconds + graceSeconds) * 1000,
    killSignal: 'SIGKILL'
  })
  running.add(child)
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    text += chunk
  })
  return new Promise((resolve) => {
    const ended = (how: string | undefined): void => {
      running.delete(child)
      const lines = text.trimEnd().split('\n')
      // a process that ends in the middle of its tests may say that all is well
      const complete = lines.some((line) => /^1\.\.\d/.test(line))
      const why = how ?? (complete ? undefined : 'it ended before its tests did')
      const ms = performance.now() - startedAt
      resolve({ ok: why === undefined, lines: why === undefined ? lines : [...lines, `# ${file}: ${why}`], ms })
    }
    child.once('error', ({ message }) => ended(message))
    child.once('close', (code, signal) => ended(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`))
  })
}
