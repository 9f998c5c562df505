import type { Config, LoadOptions } from '../config/config.ts'

/** The configuration of the environment. @throws ConfigError */
export async function configuration(options: LoadOptions = {}): Promise<Config> {
  const { loadConfig } = await import('../config/config.ts')
  return loadConfig(process.env, options)
}

/**
 * The same; servers that no variable names are those of the stack that runs in FLOODGATE_HOME.
 * @throws ConfigError; CommandError when its file cannot be read
 */
export async function connected(): Promise<Config> {
  const config = await configuration()
  const { readStackFile } = await import('../stack/home.ts')
  const stack = readStackFile(config.FLOODGATE_HOME)
  if (stack === undefined) return config
  const { natsUrlOf } = await import('../stack/stack.ts')
  return {
    ...config,
    REDIS_URL: config.REDIS_URL || stack.redisUrl,
    NATS_URL: config.NATS_URL || natsUrlOf(stack),
    DATABASE_URL: config.DATABASE_URL || stack.databaseUrl,
    TOKEN_SECRET: config.TOKEN_SECRET || stack.tokenSecret
  }
}

/** A process that the stack started ends, orderly, when the stack is gone: nobody else would stop it. */
export function endWithStack(): void {
  if (process.send === undefined) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // listening alone would keep a process that has finished from ending
  process.channel?.unref()
}
