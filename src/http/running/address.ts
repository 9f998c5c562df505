import { isIPv6 } from 'node:net'

const NETWORK_GROUPS = 4

/**
 * The name under which an address is counted. In IPv6 it is the /64 network: a customer gets one, and may use any address in it.
 * @param ip `request.ip` of Fastify, proxies taken into account
 */
export function addressOf(ip: string): string {
  if (!isIPv6(ip)) return ip
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped !== undefined) return mapped
  const [before = '', after] = (ip.split('%')[0] ?? '').split('::')
  const groups = before === '' ? [] : before.split(':')
  const filled = after === undefined ? groups : [...groups, ...Array<string>(NETWORK_GROUPS).fill('0')]
  return `${filled
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
