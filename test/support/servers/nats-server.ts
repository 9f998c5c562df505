import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { endingWithLauncher } from '../../../src/stack/processes/processes.ts'
import { requireProgram } from '../../../src/stack/processes/programs.ts'
import { answersWith } from '../../../src/stack/servers/probe.ts'
import { runServer, type Server } from '../../../src/stack/servers/server.ts'
import { type Teardown, temporaryFolder } from './servers.ts'

/**
 * A nats-server as somebody else runs it: what its configuration says is the test's. It knows JetStream in a folder of its own,
 * and is gone after the test.
 * @param lines of its configuration, `store` those of the block jetstream
 */
export async function natsServer(
  t: Teardown,
  { name = 'nats', lines = [], store = [] }: { name?: string; lines?: readonly string[]; store?: readonly string[] }
): Promise<Server> {
  const root = temporaryFolder(t)
  const folder = join(root, name)
  mkdirSync(folder)
  const configFile = join(folder, 'nats.conf')
  const jetstream = ['jetstream {', `  store_dir: ${JSON.stringify(folder)}`, ...store, '}']
  writeFileSync(configFile, [`server_name: ${name}`, 'max_payload: 4MB', ...jetstream, ...lines, ''].join('\n'))
  const { file, version } = await requireProgram('nats')
  const server = await runServer({
    part: 'nats',
    version,
    folder,
    logFile: join(root, 'nats.log'),
    stopSignal: 'SIGTERM',
    program: (port) => {
      const [program, args] = endingWithLauncher(file, [
        '--config',
        configFile,
        '--addr',
        '127.0.0.1',
        '--port',
        `${port}`
      ])
      return { file: program, args, env: process.env }
    },
    url: (port) => `nats://127.0.0.1:${port}`,
    // its greeting, which comes before any login and any TLS
    answers: (port) => answersWith(port, '', /"jetstream":true/)
  })
  t.teardown(() => server.stop(2000))
  return server
}
