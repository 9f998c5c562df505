import { relative } from 'node:path'
import { signTokens } from '../http/auth/sign-token.ts'
import { hasDemoShop } from '../http/server/demo-shop.ts'
import { findExecutable } from './processes/programs.ts'
import { databaseUrlForReports, localUrl, type Stack } from './stack.ts'

const tokenSeconds = 24 * 3600

/** The text shown when the stack is ready: addresses, a first purchase and a first spin. */
export function readyText(stack: Stack, ms: number): string {
  const { config, screen, home } = stack
  const row = (name: string, value: string): string => `  ${name.padEnd(12)}${value}`
  const folder = relative(process.cwd(), home) || '.'
  const lines = [
    screen.bold(`Ready in ${(ms / 1000).toFixed(1)} s.`),
    '',
    ...(hasDemoShop(config)
      ? [row('shop', `${localUrl(config.HOST, config.PORT)}/shop  (for a phone: HOST=0.0.0.0 npm start)`)]
      : []),
    row('public API', `${localUrl(config.HOST, config.PORT)}  (documents at /docs)`),
    row('admin API', localUrl(config.ADMIN_HOST, config.ADMIN_PORT)),
    ...(config.CORS_ORIGINS === '' && config.FLOODGATE_ENV === 'development'
      ? [row('browsers', 'pages of http://localhost:* may call it (else CORS_ORIGINS)')]
      : []),
    row('addresses', `${folder}/stack.json, with operators' tokens and process ids`),
    row('logs', `${folder}/logs`)
  ]
  if (stack.demos.size > 0 && config.TOKEN_SECRET !== '') lines.push('', ...firstSteps(stack))
  return [...lines, '', 'Ctrl-C stops it.'].join('\n')
}

/** Commands for a purchase and a spin, ready to paste, and where to see the results. */
function firstSteps({ config, screen, demos }: Stack): string[] {
  const claims = { issuer: config.TOKEN_ISSUER, audience: config.TOKEN_AUDIENCE, ttlSeconds: tokenSeconds }
  const [token = ''] = signTokens({ secret: config.TOKEN_SECRET, users: ['alice'], ...claims })
  const post = (path: string, key: string, body: string): string[] => [
    `curl -sS -w '\\n' ${localUrl(config.HOST, config.PORT)}/v1/campaigns/${path} \\`,
    `  -H 'authorization: Bearer ${token}' \\`,
    `  -H 'content-type: application/json' -H 'idempotency-key: ${key}' -d '${body}'`
  ]
  const [launch, week] = [demos.get('launch'), demos.get('lucky-week')]
  // the key contains the campaign: after a restart this text may name a demo's successor
  const lines = [
    screen.bold('Buy a phone as alice:'),
    '',
    `npx floodgate buy ${launch}/phone --as alice --key first-order-in-${launch}`,
    '',
    screen.bold('the same order as a storefront sends it:'),
    '',
    ...post(`${launch}/sales/phone/orders`, `first-order-in-${launch}`, '{"quantity":1}'),
    '',
    screen.bold('and spin the wheel:'),
    '',
    ...post(`${week}/draws/wheel/spins`, `first-spin-in-${week}`, '{}')
  ]
  if (findExecutable('psql') === undefined) return lines
  return [
    ...lines,
    '',
    screen.bold('See both in Postgres:'),
    '',
    `psql -x '${databaseUrlForReports(config)}' -c 'table orders' -c 'table wins'`
  ]
}
