import { relative } from 'node:path'
import { signTokens } from '../http/tokens.ts'
import { findExecutable } from './programs.ts'
import { localUrl, type Stack } from './stack.ts'

const tokenSeconds = 24 * 3600

/** What a person sees when the stack is ready: addresses, and a first purchase that works by paste. */
export function readyText(stack: Stack, ms: number): string {
  const { config, screen, home } = stack
  const row = (name: string, value: string): string => `  ${name.padEnd(12)}${value}`
  const folder = relative(process.cwd(), home) || '.'
  const lines = [
    screen.bold(`Ready in ${(ms / 1000).toFixed(1)} s.`),
    '',
    row('public API', `${localUrl(config.HOST, config.PORT)}  (documents at /docs)`),
    row('admin API', localUrl(config.HOST, config.ADMIN_PORT)),
    row('addresses', `${folder}/stack.json, with operators' tokens and process ids`),
    row('logs', `${folder}/logs`)
  ]
  if (stack.demo !== undefined && config.TOKEN_SECRET !== '') lines.push('', ...purchase(stack, stack.demo))
  return [...lines, '', 'Ctrl-C stops it.'].join('\n')
}

function purchase({ config, screen }: Stack, campaign: string): string[] {
  const claims = { issuer: config.TOKEN_ISSUER, audience: config.TOKEN_AUDIENCE, ttlSeconds: tokenSeconds }
  const [token = ''] = signTokens({ secret: config.TOKEN_SECRET, users: ['alice'], ...claims })
  const lines = [
    screen.bold('Buy a phone as alice:'),
    '',
    `curl -sS -w '\\n' ${localUrl(config.HOST, config.PORT)}/v1/campaigns/${campaign}/sales/phone/orders \\`,
    `  -H 'authorization: Bearer ${token}' \\`,
    "  -H 'content-type: application/json' -H 'idempotency-key: first-order' -d '{\"quantity\":1}'"
  ]
  if (findExecutable('psql') === undefined) return lines
  return [
    ...lines,
    '',
    screen.bold('and see it in Postgres:'),
    '',
    `psql -x '${config.DATABASE_URL}' -c 'table ${config.NAMESPACE}.orders'`
  ]
}
