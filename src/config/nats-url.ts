import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { ConnectionOptions, TlsOptions } from 'nats'
import { ConfigError } from './config-error.ts'
import { refuseOthers, type ServerUrl, splitUrl } from './urls.ts'

const VARIABLE = 'NATS_URL'
const NATS_PORT = 4222

interface Place extends Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'> {
  /** the content of the file NATS_CREDS now */
  readonly creds?: () => Uint8Array
}

function fail(what: string): never {
  throw new ConfigError(`${VARIABLE} ${what}`)
}

function checked(url: ServerUrl): ServerUrl {
  if (!['nats', 'tls'].includes(url.scheme)) fail(`has the scheme ${url.scheme}. Use nats or tls.`)
  if (url.path !== '') fail('has a path, which NATS does not know. Put hosts one after the other, with commas.')
  if (url.hosts.some(({ host }) => host === '')) fail('names no host.')
  refuseOthers(VARIABLE, url, [])
  return url
}

/** The login for all hosts: the client takes only one, and would silently ignore a second. */
function login(urls: readonly ServerUrl[]): Pick<Place, 'user' | 'pass' | 'token'> {
  const [first, ...more] = urls
  const differs = ({ user, password }: ServerUrl) =>
    user !== undefined && (user !== first?.user || password !== first.password)
  if (more.some(differs)) fail('names several logins. Name one, before the first host.')
  if (first?.user === undefined) return {}
  if (first.password === undefined) return { token: first.user }
  if (first.user === '') fail('names a password without a user. A token stands alone: nats://token@host.')
  return { user: first.user, pass: first.password }
}

/** The client passes no name to TLS for an IP address, and Node then compares the certificate with the name localhost. */
function identity(hosts: readonly string[]) {
  const addresses = hosts.filter((host) => isIP(host) !== 0)
  return (name: string, certificate: PeerCertificate): Error | undefined => {
    const names = hosts.includes(name) || addresses.length === 0 ? [name] : addresses
    const faults = names.map((each) => checkServerIdentity(each, certificate))
    return faults.includes(undefined) ? undefined : faults[0]
  }
}

function tlsOf(urls: readonly ServerUrl[]): Pick<Place, 'tls'> {
  const secure = urls.some(({ scheme }) => scheme === 'tls')
  if (secure && urls.some(({ scheme }) => scheme !== 'tls')) fail('mixes nats:// and tls://. Use one for all hosts.')
  const names = urls.flatMap(({ hosts }) => hosts.map(({ host }) => host))
  // without `tls` the client still encrypts when the server requires it, and then checks the certificate
  const options = { checkServerIdentity: identity(names) }
  return secure ? { tls: options as TlsOptions } : {}
}

function credentials(file: string): Pick<Place, 'creds'> {
  const read = (): Uint8Array => {
    try {
      return readFileSync(file)
    } catch (error) {
      throw new ConfigError(`NATS_CREDS names a file that cannot be read: ${(error as Error).message}`)
    }
  }
  let last = read()
  if (!/BEGIN USER NKEY SEED/.test(Buffer.from(last).toString('latin1'))) {
    throw new ConfigError('NATS_CREDS names a file without a user key in it. Make one with: nsc generate creds')
  }
  // read for each connection, because credentials expire and are renewed in the same file
  const current = (): Uint8Array => {
    try {
      last = read()
    } catch {
      // the earlier credentials may still be valid
    }
    return last
  }
  return { creds: current }
}

/**
 * Reads from NATS_URL and NATS_CREDS where NATS is: `nats|tls://[user:password@|token@]host[:port],...`, or several such
 * URLs with commas between. `tls://` never goes on in plain text; the certificate is checked, private ones by
 * NODE_EXTRA_CA_CERTS.
 * @throws ConfigError naming the parts that cannot be honoured
 */
export function natsPlace({ NATS_URL, NATS_CREDS }: { NATS_URL: string; NATS_CREDS: string }): Place {
  const urls = NATS_URL.split(/,(?=\s*[a-z]+:\/\/)/i).map((text) => checked(splitUrl(VARIABLE, text.trim(), 'nats')))
  const own = login(urls)
  if (NATS_CREDS !== '' && Object.keys(own).length > 0) {
    fail('names a login, and NATS_CREDS another one. Use one of both.')
  }
  const bracketed = (host: string) => (isIP(host) === 6 ? `[${host}]` : host)
  return {
    servers: urls.flatMap(({ hosts }) => hosts.map(({ host, port }) => `${bracketed(host)}:${port ?? NATS_PORT}`)),
    ...own,
    ...(NATS_CREDS === '' ? {} : credentials(NATS_CREDS)),
    ...tlsOf(urls)
  }
}
