import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nkeys } from 'nats'

interface KeyPair {
  getPublicKey(): string
  getSeed(): Uint8Array
  sign(data: Uint8Array): Uint8Array
}

const { createOperator, createAccount, createUser } = nkeys as Record<
  'createOperator' | 'createAccount' | 'createUser',
  () => KeyPair
>

/** A claim as nsc would write it: what it says of `subject`, signed by `issuer`. */
function claim(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = {
    jti: randomBytes(16).toString('hex'),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: subject.getPublicKey(),
    nats: { ...nats, version: 2 }
  }
  const text = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(payload)}`
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`
}

const ANY = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }

/**
 * An operator with one account that may use JetStream, and a user of it, whose credentials are written to a file.
 * @returns lines for the server's configuration, and the file
 */
export function operatorOf(folder: string, { diskBytes }: { readonly diskBytes: number }) {
  const [operator, system, account, user] = [createOperator(), createAccount(), createAccount(), createUser()]
  const jetstream = { mem_storage: -1, disk_storage: diskBytes, streams: -1, consumer: -1 }
  const accountClaim = (limits: object) => ({ type: 'account', limits: { ...ANY, ...limits } })
  const jwt = claim(account, user, { type: 'user', pub: {}, sub: {}, subs: -1, data: -1, payload: -1 })
  const creds = join(folder, 'user.creds')
  const block = (what: string, text: string) => `-----BEGIN ${what}-----\n${text}\n------END ${what}------\n`
  const seed = Buffer.from(user.getSeed()).toString()
  writeFileSync(creds, `${block('NATS USER JWT', jwt)}\n${block('USER NKEY SEED', seed)}`, { mode: 0o600 })
  const lines = [
    `operator: ${claim(operator, operator, { type: 'operator' })}`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    'resolver_preload {',
    `  ${system.getPublicKey()}: ${claim(operator, system, accountClaim({}))}`,
    `  ${account.getPublicKey()}: ${claim(operator, account, accountClaim(jetstream))}`,
    '}'
  ]
  return { lines, creds }
}

/**
 * A certificate for 127.0.0.1 alone, signed by an authority that nobody knows.
 * @returns their files
 */
export function privateCertificate(openssl: string, folder: string): { ca: string; cert: string; key: string } {
  const at = (name: string) => join(folder, name)
  const run = (...args: string[]) => execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' })
  const fresh = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-batch']
  run(...fresh, '-x509', '-days', '2', '-subj', '/CN=nobody', '-keyout', 'ca.key', '-out', 'ca.pem')
  run(...fresh, '-subj', '/CN=nats', '-keyout', 'nats.key', '-out', 'nats.csr')
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1\n')
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2']
  run('x509', '-req', '-in', 'nats.csr', ...signed, '-out', 'nats.pem')
  return { ca: at('ca.pem'), cert: at('nats.pem'), key: at('nats.key') }
}
