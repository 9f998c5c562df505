import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { ClientConfig } from 'pg'
import { ConfigError } from './config-error.ts'
import { refuseOthers, type ServerUrl, splitUrl } from './urls.ts'

const VARIABLE = 'DATABASE_URL'

/** Members that this code reads; any other member is refused, because ignoring it would break what the URL asks for. */
const KNOWN = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslnegotiation',
  'channel_binding',
  'gssencmode',
  'target_session_attrs',
  'client_encoding',
  'application_name',
  'options'
]

/** Settings that Floodgate sets for each connection because its guarantees need them; a URL must not set them. */
const OURS =
  /^(?:search_path|\w*timeout|application_name|client_encoding|synchronous_commit|datestyle|(?:default_)?transaction_\w+)$/i

function fail(what: string): never {
  throw new ConfigError(`${VARIABLE} ${what}`)
}

/** A value that a URL may hold in itself or among its members, but not in both. */
function once(name: string, inUrl: string | undefined, url: ServerUrl): string | undefined {
  const member = url.members.get(name)
  if (member !== undefined && inUrl !== undefined && inUrl !== '') fail(`names the ${name} twice.`)
  return member ?? inUrl
}

/** Refuses values of members that the client cannot honour. */
function refuseValues(members: ServerUrl['members']): void {
  const only: Readonly<Record<string, RegExp>> = {
    sslnegotiation: /^(?:postgres|direct)$/,
    channel_binding: /^(?:disable|prefer)$/,
    gssencmode: /^(?:disable|prefer)$/,
    target_session_attrs: /^any$/,
    client_encoding: /^(?:utf-?8|auto)$/i
  }
  for (const [name, form] of Object.entries(only)) {
    const value = members.get(name)
    if (value !== undefined && !form.test(value)) fail(`asks for ${name}=${value}, which cannot be honoured.`)
  }
}

function fileOf(name: string, members: ServerUrl['members']): string | undefined {
  const path = members.get(name)
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return fail(`names a file as ${name} that cannot be read: ${(error as Error).message}`)
  }
}

/**
 * Every mode but `disable` and `no-verify` checks certificate and name. `require` and `verify-ca` ask for less, and checking more
 * harms nobody. `allow` and `prefer` are refused, because an attacker on the network could make them go on in plain text.
 */
function tls(members: ServerUrl['members']): Pick<ClientConfig, 'ssl'> {
  const mode = members.get('sslmode')
  const flag = members.get('ssl')
  if (mode !== undefined && flag !== undefined) fail('names both ssl and sslmode. Use sslmode alone.')
  if (flag !== undefined && !/^(?:true|1|false|0)$/.test(flag)) fail(`asks for ssl=${flag}. Use sslmode instead.`)
  if (mode !== undefined && !/^(?:disable|no-verify|require|verify-ca|verify-full)$/.test(mode)) {
    fail(`asks for sslmode=${mode}. Use disable, require, verify-ca, verify-full or no-verify.`)
  }
  const ca = fileOf('sslrootcert', members)
  const cert = fileOf('sslcert', members)
  const key = fileOf('sslkey', members)
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  const off = mode === 'disable' || flag === 'false' || flag === '0'
  const named = Object.keys(files).length > 0 || members.get('sslnegotiation') === 'direct'
  if (off && named) fail('turns TLS off and names what only TLS uses.')
  if (off) return { ssl: false }
  if (mode === undefined && flag === undefined && !named) return {}
  return { ssl: mode === 'no-verify' ? { ...files, rejectUnauthorized: false } : files }
}

/** The settings of `options` that are kept. Floodgate's own settings follow as statements, so none of these may be in `options`. */
function givenOptions(text: string, schema: string): string[] {
  const words = text.split(/(?<!\\)\s+/).filter((word) => word !== '')
  const kept: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const setting = word === '-c' ? (words[++at] ?? '') : word.replace(/^(?:-c|--)/, '')
    const [name = '', ...value] = setting.split('=')
    const plain = name.replaceAll('-', '_')
    if (plain.toLowerCase() === 'search_path' && value.join('=').replaceAll('"', '') === schema) continue
    if (OURS.test(plain)) fail(`sets ${plain} in its options, which Floodgate sets itself (search_path is NAMESPACE).`)
    // a word that is no setting is passed on to the server: some poolers find the database by it
    kept.push(setting === word ? word : `-c ${setting}`)
  }
  return kept
}

function hostOf(url: ServerUrl): string | undefined {
  const [first, ...more] = url.hosts
  const host = once('host', first?.host, url)
  if (more.length > 0 || host?.includes(',')) {
    fail('names several hosts. Name the one that is written to, such as the address that moves with the primary.')
  }
  if (host?.startsWith('/') && !isAbsolute(host)) fail('names a socket by a path that is not absolute.')
  return host === '' ? undefined : host
}

function portOf(url: ServerUrl): number | undefined {
  const text = once('port', url.hosts[0]?.port?.toString(), url)
  if (text === undefined) return undefined
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535) fail('holds a port that is none.')
  return Number(text)
}

function defined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>
}

/**
 * Reads from DATABASE_URL where Postgres is and how a connection begins; each part is kept, or refused by name. Floodgate's own
 * settings follow as statements (src/store/connection/pool.ts), because poolers take no start-up parameters.
 * @param session.name application_name; a name in the URL is added after it
 * @throws ConfigError naming the parts that cannot be honoured
 */
export function databasePlace(
  { DATABASE_URL, NAMESPACE }: { readonly DATABASE_URL: string; readonly NAMESPACE: string },
  session: { readonly name: string }
): ClientConfig {
  const url = splitUrl(VARIABLE, DATABASE_URL)
  if (!/^postgres(?:ql)?$/.test(url.scheme)) fail(`has the scheme ${url.scheme}. Use postgres.`)
  refuseOthers(VARIABLE, url, KNOWN)
  refuseValues(url.members)
  const { members } = url
  const given = givenOptions(members.get('options') ?? '', NAMESPACE)
  const name = members.get('application_name')
  return {
    ...defined<ClientConfig>({
      host: hostOf(url),
      port: portOf(url),
      user: once('user', url.user, url),
      password: once('password', url.password, url),
      database: once('dbname', url.path, url) || undefined
    }),
    ...tls(members),
    ...(members.get('sslnegotiation') === 'direct' ? { sslnegotiation: 'direct' } : {}),
    ...(members.get('channel_binding') === 'prefer' ? { enableChannelBinding: true } : {}),
    application_name: name === undefined ? session.name : `${session.name} ${name}`,
    ...(given.length > 0 && { options: given.join(' ') })
  } as ClientConfig
}
