import { replaceFile } from '../files.ts'
import { endingWithLauncher } from '../processes/processes.ts'
import type { Program } from '../processes/programs.ts'
import { answersWith } from './probe.ts'
import type { ServerFiles, ServerSpec } from './server.ts'

const USER = 'floodgate'

/**
 * A private NATS with JetStream in files. Its configuration file is written at each start; port and address are on
 * the command line.
 */
export function natsSpec(
  { folder, logFile }: ServerFiles,
  { program, endWithLauncher, password }: { program: Program; endWithLauncher: boolean; password?: string | undefined }
): ServerSpec {
  const configFile = `${folder}/nats.conf`
  replaceFile(configFile, config(folder, password), 0o600)
  const login = password === undefined ? {} : { user: USER, pass: password }
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
    url: (port) => `nats://${password === undefined ? '' : `${USER}:${password}@`}127.0.0.1:${port}`,
    answers: (port) => {
      const hello = JSON.stringify({ verbose: false, ...login })
      return answersWith(port, `CONNECT ${hello}\r\nPING\r\n`, /"jetstream":true.*PONG\r\n/s)
    }
  }
}

/**
 * The store's bound is larger than any disk on purpose: streams reserve their whole bound when they are made, and on a small
 * disk nats-server's own default (three quarters of the free disk) would leave too little for them.
 */
function config(folder: string, password: string | undefined): string {
  return [
    ...(password === undefined ? [] : [`authorization { user: ${USER}, password: "${password}" }`]),
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
