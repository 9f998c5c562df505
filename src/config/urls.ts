import { isIPv6 } from 'node:net'
import { ConfigError } from './config-error.ts'

export interface Address {
  /** without the brackets of IPv6 */
  readonly host: string
  readonly port: number | undefined
}

/** The parts of a server's URL, percent-decoded. All parts are there, and none has been checked yet. */
export interface ServerUrl {
  readonly scheme: string
  readonly user: string | undefined
  readonly password: string | undefined
  readonly hosts: readonly Address[]
  /** the text after the first slash, or '' */
  readonly path: string
  readonly members: ReadonlyMap<string, string>
}

/** Members in which a plus sign means a space; in a password it means a plus sign. */
const PLUS_IS_SPACE = ['options', 'application_name']

/** Error texts never quote the URL, because it may hold a password. */
function refuse(variable: string, what: string): never {
  throw new ConfigError(`${variable} ${what}`)
}

function decoded(variable: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(variable, 'holds a % that begins no percent-encoding. Write it as %25.')
  }
}

function address(variable: string, text: string): Address {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text)
  if (!match) return refuse(variable, 'holds a host with several colons. Write an IPv6 address in brackets: [::1].')
  const [, ip, name = '', port] = match
  if (ip !== undefined && !isIPv6(ip)) refuse(variable, 'holds brackets around what is no IPv6 address.')
  const host = ip ?? decoded(variable, name)
  if (/[\s\p{Cc}]/u.test(host)) refuse(variable, 'holds a host with a space in it.')
  if (port === undefined || port === '') return { host, port: undefined }
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    refuse(
      variable,
      'holds a port that is none of 1 to 65535. A colon, slash or @ of a password is percent-encoded: %3A, %2F, %40.'
    )
  }
  return { host, port: Number(port) }
}

function membersOf(variable: string, query: string): Map<string, string> {
  const members = new Map<string, string>()
  for (const part of query.split('&').filter((text) => text !== '')) {
    const [name = '', ...rest] = part.split('=')
    const key = decoded(variable, name)
    if (members.has(key)) refuse(variable, `names ${key} twice.`)
    const value = rest.join('=')
    members.set(key, decoded(variable, PLUS_IS_SPACE.includes(key) ? value.replaceAll('+', ' ') : value))
  }
  return members
}

/**
 * Splits a URL of one server, or of a list of hosts, into its parts. `new URL` cannot do it, because it knows no list of hosts.
 * @param defaultScheme for a text without a scheme; absent: such a text is refused
 * @throws ConfigError whose text shows no password
 */
export function splitUrl(variable: string, url: string, defaultScheme?: string): ServerUrl {
  const form = /^(?:([a-z][a-z0-9+]*):\/\/)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(#.*)?$/is.exec(url)
  const scheme = form?.[1]?.toLowerCase() ?? defaultScheme
  if (!form || scheme === undefined) return refuse(variable, 'is no URL of the form scheme://host:port.')
  const [, , authority = '', path = '', query = '', fragment] = form
  const at = authority.lastIndexOf('@')
  const rest = url.slice(url.indexOf(authority) + authority.length)
  if (fragment !== undefined || (at === -1 && rest.split('?')[0]?.includes('@'))) {
    refuse(variable, 'holds a /, ? or # in a user or password. Write it percent-encoded: %2F, %3F, %23.')
  }
  const info = at === -1 ? undefined : authority.slice(0, at)
  if (info?.includes('@') && authority.slice(authority.indexOf('@')).includes(',')) {
    refuse(variable, 'holds several @. Name user and password once, before the first host, an @ in them as %40.')
  }
  const colon = info?.indexOf(':') ?? -1
  const text = authority.slice(at + 1)
  return {
    scheme,
    user: info === undefined ? undefined : decoded(variable, colon === -1 ? info : info.slice(0, colon)),
    password: info === undefined || colon === -1 ? undefined : decoded(variable, info.slice(colon + 1)),
    hosts: text.split(',').map((host) => address(variable, host)),
    path: decoded(variable, path),
    members: membersOf(variable, query)
  }
}

/** @throws ConfigError naming the members of the URL that are not among `known` */
export function refuseOthers(variable: string, { members }: ServerUrl, known: readonly string[]): void {
  const other = [...members.keys()].filter((name) => !known.includes(name))
  if (other.length === 0) return
  const may = known.length === 0 ? 'It may hold none.' : `Known are ${known.join(', ')}.`
  refuse(variable, `holds ${other.join(', ')}, which Floodgate cannot honour. ${may}`)
}

/** A URL in a form that may be shown: without password, token and query. */
export function shownUrl(url: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+]*:\/\/)?([^?#]*)/is.exec(url) ?? []
  const at = rest.lastIndexOf('@')
  if (at === -1) return `${scheme}${rest}`
  const user = /^([^:@]*):/.exec(rest)?.[1]
  return `${scheme}${user === undefined ? '' : `${user}:`}***@${rest.slice(at + 1)}`
}
