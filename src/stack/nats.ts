import { writeFileSync } from 'node:fs'
import { fileError } from './errors.ts'
import { answersWith } from './probe.ts'
import { endingWithLauncher } from './processes.ts'
import type { Program } from './programs.ts'
import type { ServerFiles, ServerSpec } from './server.ts'

/**
 * A private NATS with JetStream in files. Its configuration file is written anew at each start; port and address are
 * given on the command line.
 */
export function natsSpec(
  { folder, logFile }: ServerFiles,
  { program, endWithLauncher }: { program: Program; endWithLauncher: boolean }
): ServerSpec {
  const configFile = `${folder}/nats.conf`
  try {
    writeFileSync(configFile, config(folder))
  } catch (error) {
    throw fileError(error, configFile)
  }
  return {
    part: 'nats',
    version: program.version,
    folder,
    logFile,
    stopSignal: 'SIGTERM',
    program: (port) => {
      const set = ['--config', configFile, '--addr', '127.0.0.1', '--port', String(port)]
      const [file, args] = endWithLauncher ? endingWithLauncher(program.file, set) : [program.file, set]
      return { file, args, env: process.env }
    },
    url: (port) => `nats://127.0.0.1:${port}`,
    answers: (port) => answersWith(port, 'CONNECT {"verbose":false}\r\nPING\r\n', /"jetstream":true.*PONG\r\n/s)
  }
}

/**
 * The store's bound is far above any disk on purpose: each opening of a shard makes a stream that reserves its
 * JOURNAL_MAX_BYTES, and nats-server's own default (three quarters of the free disk) refuses the second on a small one.
 */
function config(folder: string): string {
  return [
    'server_name: floodgate',
    'max_payload: 4MB',
    'jetstream {',
    `  store_dir: ${JSON.stringify(folder)}`,
    '  max_memory_store: 256MB',
    '  max_file_store: 16TB',
    '}',
    ''
  ].join('\n')
}
