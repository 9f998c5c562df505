/** The settings that production restricts. */
interface StrictSettings {
  readonly TOKEN_SECRET: string
  readonly TOKEN_JWKS_URL: string
  readonly HOST: string
  readonly ADMIN_HOST: string
  readonly CORS_ORIGINS: string
  readonly FAIL_POINTS: string
  readonly KEY_RETENTION: number
}

const DAY_SECONDS = 86_400

const SECRET_MIN = 32
const LOOPBACK = ['127.0.0.1', '::1', 'localhost']
const WILDCARD = ['0.0.0.0', '::']

/** Whether many could know or guess a secret: it holds words of demos, few different characters, or one piece repeated. */
function isWeakSecret(secret: string): boolean {
  const words = /secret|password|change-?me|example|floodgate|(?:^|[^a-z])(?:demo|test)(?:[^a-z]|$)/i
  return words.test(secret) || new Set(secret).size < 10 || /^(.{1,16})\1+$/s.test(secret)
}

const random = 'Set it to a random text (openssl rand -hex 32).'

/** The reasons why production refuses a configuration, each with the name of its variable; an empty list when there is none. */
export function productionProblems(config: StrictSettings, options: { readonly demo: boolean }): string[] {
  const { TOKEN_SECRET: secret, TOKEN_JWKS_URL: jwks, HOST: host, ADMIN_HOST: adminHost } = config
  const origins = config.CORS_ORIGINS.split(',').map((origin) => origin.trim())
  const found: Array<[boolean, string]> = [
    [
      secret !== '' && secret.length < SECRET_MIN,
      `TOKEN_SECRET has ${secret.length} characters, and ${SECRET_MIN} are needed. ${random}`
    ],
    [secret.length >= SECRET_MIN && isWeakSecret(secret), `TOKEN_SECRET looks like a demo secret. ${random}`],
    [
      jwks !== '' && !/^https:\/\//i.test(jwks),
      'TOKEN_JWKS_URL is not https: somebody on the network could exchange the keys and sign tokens. Set it to the https address of the issuer.'
    ],
    [
      origins.some((origin) => origin.includes('*') || origin === 'null'),
      'CORS_ORIGINS lets every site call in the name of its visitors. Name the origins: https://shop.example.com.'
    ],
    [
      !LOOPBACK.includes(adminHost) && (adminHost === host || WILDCARD.includes(adminHost)),
      `ADMIN_HOST is ${adminHost}, with HOST ${host}: the admin port would be as public as the shop. Set it to 127.0.0.1, to an address of a ` +
        'private network, or in a container to its own name or address.'
    ],
    [
      config.KEY_RETENTION < DAY_SECONDS,
      `KEY_RETENTION is ${config.KEY_RETENTION}: a shop or a payment provider that asks again within a day would be served twice. Set it to ${DAY_SECONDS} or more.`
    ],
    [config.FAIL_POINTS !== '', 'FAIL_POINTS are for tests. Unset it.'],
    [options.demo, 'floodgate up would publish demo campaigns. Start it with --no-demo.']
  ]
  return found.flatMap(([isWrong, text]) => (isWrong ? [text] : []))
}
