import type { Pool } from 'pg'
import { fetchFault, messageOf } from '../../base/errors.ts'
import type { Config } from '../../config/config.ts'
import { nodeProblem } from '../../config/require-node.ts'
import { checkPart, type Finding } from '../../stack/checks.ts'
import { conditionFindings, type ShownCondition } from '../../stack/condition-findings.ts'
import { readStackFile } from '../../stack/home.ts'
import { partNames } from '../../stack/processes/programs.ts'
import { createScreen } from '../../stack/screen.ts'
import { localUrl } from '../../stack/stack.ts'
import { checkSchema } from '../../store/connection/migrate.ts'
import { createPool } from '../../store/connection/pool.ts'
import { SchemaError } from '../../store/connection/schema-error.ts'
import { countPeople, howToAdd } from '../../store/operators/operators.ts'
import { requireShards, ShardsDifferError } from '../../store/shard/deployment.ts'

const answerMs = 3000

/**
 * Looks at everything that Floodgate stands on, prints a line for each part and what to do where something is wrong.
 * @returns the exit code: 1 when something is wrong
 */
export async function doctor(config: Config): Promise<number> {
  const servers = await Promise.all(partNames.map((part) => checkPart(part, config)))
  const database = servers.find(({ part }) => part === 'Postgres')
  const gateway = await checkGateway(config)
  const findings = [
    checkNode(process.versions.node),
    ...servers,
    ...(database?.ok === true ? await checkDatabase(config, gateway.told) : []),
    gateway.finding
  ]
  const screen = createScreen(0)
  for (const { part, ok, text, advice } of findings) {
    process.stdout.write(`${ok ? 'ok   ' : screen.bold('FAIL ')} ${part.padEnd(10)} ${text}\n`)
    if (advice !== undefined) process.stdout.write(`${' '.repeat(17)}${advice}\n`)
  }
  const wrong = findings.filter(({ ok }) => !ok).length
  process.stdout.write(wrong === 0 ? '\nAll is well.\n' : `\n${wrong} of ${findings.length} need attention.\n`)
  return wrong === 0 ? 0 : 1
}

function checkNode(version: string): Finding {
  const problem = nodeProblem(version)
  const ok = problem === undefined
  return { part: 'Node', ok, text: `version ${version}`, ...(ok ? {} : { advice: problem }) }
}

async function checkDatabase(config: Config, told: readonly ShownCondition[] | undefined): Promise<Finding[]> {
  const pool = createPool(config, { max: 1, name: 'floodgate doctor' })
  try {
    await checkSchema(pool)
    return [
      { part: 'Schema', ok: true, text: `${config.NAMESPACE} is up to date` },
      ...(await shardFindings(pool, config)),
      operatorsFinding(await countPeople(pool)),
      ...(await conditionFindings(pool, told))
    ]
  } catch (error) {
    const advice = error instanceof SchemaError ? error.remedy : 'Check the rights of the user in DATABASE_URL.'
    return [{ part: 'Schema', ok: false, text: messageOf(error), advice }]
  } finally {
    await pool.end()
  }
}

/** A gateway or worker with another number of shards would not sell; one shard needs no line. */
async function shardFindings(pool: Pool, { SHARDS }: Config): Promise<Finding[]> {
  try {
    await requireShards(pool, SHARDS)
    return SHARDS === 1 ? [] : [{ part: 'Shards', ok: true, text: `${SHARDS}` }]
  } catch (error) {
    if (!(error instanceof ShardsDifferError)) throw error
    return [{ part: 'Shards', ok: false, text: error.message, advice: error.remedy }]
  }
}

/** A campaign needs somebody who writes it and another, an admin, who approves it. */
function operatorsFinding({ people, admins }: { people: number; admins: number }): Finding {
  const part = 'Operators'
  if (people === 0) {
    return { part, ok: false, text: 'nobody can use the admin port, so no campaign can be made', advice: howToAdd }
  }
  const text = `${people} can use the admin port, ${admins} of them may approve and publish`
  if (people > 1 && admins > 0) return { part, ok: true, text }
  return { part, ok: true, text: `${text}: no campaign can pass its review`, advice: howToAdd }
}

interface GatewayLook {
  readonly finding: Finding
  /** undefined when no gateway answered */
  readonly told?: readonly ShownCondition[]
}

/** The admin port speaks for all processes of a gateway, the public one for that which happens to answer. */
async function checkGateway(config: Config): Promise<GatewayLook> {
  const stack = readStackFile(config.FLOODGATE_HOME)
  const urls = [
    stack?.adminUrl ?? localUrl(config.ADMIN_HOST, config.ADMIN_PORT),
    stack?.publicUrl ?? localUrl(config.HOST, config.PORT)
  ]
  let failure = ''
  for (const url of urls) {
    try {
      return await askReadiness(url)
    } catch (error) {
      failure = fetchFault(error)
    }
  }
  const advice = 'Start it: npm start, or npx floodgate gateway'
  return { finding: { part: 'Gateway', ok: false, text: `${urls.join(', ')}: ${failure}`, advice } }
}

async function askReadiness(url: string): Promise<GatewayLook> {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerMs) })
  const { conditions = [], ...parts } = (await response.json()) as { conditions?: ShownCondition[] }
  const body = JSON.stringify(parts).slice(0, 200)
  if (response.ok) return { finding: { part: 'Gateway', ok: true, text: `${url} ${body}` }, told: conditions }
  const advice = 'The shard is not open yet: a worker must run, and reach Redis, NATS and Postgres.'
  return { finding: { part: 'Gateway', ok: false, text: `${url} is not ready: ${body}`, advice }, told: conditions }
}
