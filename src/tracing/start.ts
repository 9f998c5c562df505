import { ConfigError } from '../config/config-error.ts'
import type { Traces, TracesOptions } from './traces.ts'

async function load() {
  const { exportTraces } = await import('./open-telemetry.ts')
  return exportTraces
}

/**
 * What this process traces with; undefined where OTEL_EXPORTER_OTLP_ENDPOINT is unset: then no module of OpenTelemetry is loaded.
 * @throws ConfigError when it is set and the packages are not installed
 */
export async function startTraces(options: TracesOptions, loaded: typeof load = load): Promise<Traces | undefined> {
  if (options.config.OTEL_EXPORTER_OTLP_ENDPOINT === '') return undefined
  try {
    const exportTraces = await loaded()
    return exportTraces(options)
  } catch (error) {
    // the second is said by a package that lacks one of its own
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
    throw new ConfigError(
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but the packages of OpenTelemetry are not installed, because optional packages were left out. ' +
        'Run npm ci --include=optional, or unset it to trace nothing.',
      { cause: error }
    )
  }
}
