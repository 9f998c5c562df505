import { replaceFile } from '../files.ts'
import { endingWithLauncher } from '../processes/processes.ts'
import type { Program } from '../processes/programs.ts'
import { answersWith } from './probe.ts'
import type { ServerFiles, ServerSpec } from './server.ts'

/**
 * A private Redis: append-only file written to disk every second, no eviction, no snapshots. The journal is the truth
 * after a crash, so `appendfsync always` would cost much and save only the outbox of the last second.
 */
export function redisSpec(
  { folder, logFile }: ServerFiles,
  { program, endWithLauncher, password }: { program: Program; endWithLauncher: boolean; password?: string | undefined }
): ServerSpec {
  const configFile = `${folder}/redis.conf`
  const settings = {
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    // hashes of users stay packed with values up to this many bytes: half the memory per decision
    'hash-max-listpack-value': '256',
    // ... but not hashes of users with more than a dozen orders: Redis searches a packed hash from its start
    'hash-max-listpack-entries': '32',
    // a rewrite forks and keeps a core busy, so it must not begin in the middle of a sale
    'auto-aof-rewrite-min-size': '1gb',
    save: ''
  }
  return {
    part: 'redis',
    version: program.version,
    folder,
    logFile,
    stopSignal: 'SIGTERM',
    // the password is not on the command line, which every user of the machine can read
    prepare: () => replaceFile(configFile, password === undefined ? '' : `requirepass ${password}\n`, 0o600),
    program: (port) => {
      const set = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [`--${name}`, value])
      const own = [configFile, ...set]
      const [file, args] = endWithLauncher ? endingWithLauncher(program.file, own) : [program.file, own]
      return { file, args, env: process.env }
    },
    url: (port) => `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}`,
    answers: (port) =>
      password === undefined
        ? answersWith(port, 'PING\r\n', /^\+PONG\r\n/)
        : answersWith(port, `AUTH ${password}\r\nPING\r\n`, /^\+OK\r\n\+PONG\r\n/)
  }
}
