import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable } from '../../src/stack/processes/programs.ts'
import { freePort } from '../../src/stack/servers/ports.ts'
import { type Service, stopChild } from '../running/children.ts'
import { waitFor } from '../running/wait.ts'
import { PEER_LIMIT, PEER_TOTAL, purchaseSha } from './purchase-script.ts'

const MODULES = '/usr/lib/nginx/modules'
const LUA_MODULE = `${MODULES}/ngx_http_lua_module.so`
const READY_WITHIN_MS = 10_000

export const nginxIsMissing =
  'nginx with its Lua module is not installed (apt-get install nginx libnginx-mod-http-lua): its scenarios are left out.'

/** One purchase: a call of the script over the module's own socket, whose connections are kept, and the answer put together as text. */
const purchase = `
local campaign, sale = ngx.var[1], ngx.var[2]
local key = ngx.var.http_idempotency_key or ''
-- no token is checked: the end of its signature stands for the user
local user = string.sub(ngx.var.http_authorization or '', -22)
ngx.req.read_body()
local quantity = string.match(ngx.req.get_body_data() or '', '"quantity":(%d+)') or '1'
local place = 'bench-peer:' .. campaign .. ':stock'
local words = { 'EVALSHA', '${purchaseSha}', '3', place, place .. ':u:' .. user, place .. ':k:' .. user .. ':' .. key,
  quantity, '${PEER_LIMIT}', '${PEER_TOTAL}' }
local sent = { '*', #words, '\\r\\n' }
for _, word in ipairs(words) do
  sent[#sent + 1] = '$' .. #word .. '\\r\\n' .. word .. '\\r\\n'
end
local sock = ngx.socket.tcp()
local ok, fault = sock:connect(redis_host, redis_port)
if ok and redis_password ~= '' and sock:getreusedtimes() == 0 then
  sock:send({ '*2\\r\\n$4\\r\\nAUTH\\r\\n$', #redis_password, '\\r\\n', redis_password, '\\r\\n' })
  sock:receive()
end
local outcome, position
if ok then ok, fault = sock:send(sent) end
if ok then ok, fault = sock:receive() end
if ok == '*2' then
  sock:receive()
  outcome = sock:receive()
  position = string.sub(sock:receive(), 2)
end
if not outcome then
  ngx.status = 503
  ngx.say('{"status":503,"code":"UNAVAILABLE","detail":"', fault or ok, '"}')
  return
end
sock:setkeepalive(60000, 512)
local body
if outcome == 'S' or outcome == 'L' then
  ngx.status = 409
  ngx.header.content_type = 'application/problem+json'
  local code = outcome == 'S' and 'SOLD_OUT' or 'LIMIT_REACHED'
  body = '{"type":"urn:bench:problem:' .. code .. '","title":"refused","status":409,"code":"' .. code ..
    '","detail":"refused","requestId":"' .. key .. '"}'
else
  ngx.status = 201
  ngx.header.content_type = 'application/json'
  local id = '0-0-' .. position
  body = '{"outcome":"confirmed","requestId":"' .. key .. '","sequence":' .. position .. ',"eventId":"' .. id .. '","order":{"id":"' .. id ..
    '","campaign":"' .. campaign .. '","sale":"' .. sale .. '","session":"all-day","quantity":' .. quantity ..
    ',"unitPrice":299900,"currency":"CNY","status":"accepted","acceptedAt":"' .. ngx.utctime() .. '","payBy":null,"shipBy":null,"position":' ..
    position .. '}}'
end
ngx.header.content_length = #body
ngx.print(body)`

function configuration(port: number, redisUrl: string): string {
  const { hostname, port: redisPort, password } = new URL(redisUrl)
  // started by root, its worker would be somebody else, who may not read the folder
  const owner = process.getuid?.() === 0 ? 'user root;\n' : ''
  return `load_module ${MODULES}/ndk_http_module.so;
load_module ${LUA_MODULE};
${owner}daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log error;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  lua_package_path "/usr/share/lua/5.1/?.lua;/usr/share/lua/5.1/?/init.lua;;";
  init_by_lua_block {
    redis_host, redis_port, redis_password = '${hostname}', ${redisPort}, '${decodeURIComponent(password)}'
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_requests 100000000;
    keepalive_timeout 600;
    location = /ready { return 204; }
    location ~ ^/v1/campaigns/([^/]+)/sales/([^/]+)/orders$ {
      content_by_lua_file purchase.lua;
    }
  }
}
`
}

/** Starts nginx with one worker, as the gateway is one process. @returns undefined where it is not installed */
export async function startNginx(redisUrl: string): Promise<Service | undefined> {
  const program = findExecutable('nginx')
  if (program === undefined || !existsSync(LUA_MODULE)) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'floodgate-nginx-'))
  const port = await freePort()
  await writeFile(join(folder, 'nginx.conf'), configuration(port, redisUrl))
  await writeFile(join(folder, 'purchase.lua'), purchase)
  const child = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: 'inherit' })
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    await stopChild(child)
    await rm(folder, { recursive: true, force: true })
  }
  const answers = async (): Promise<true | undefined> => {
    if (child.exitCode !== null) throw new Error(`nginx ended with code ${child.exitCode}.`)
    return fetch(`${url}/ready`).then(
      ({ ok }) => ok || undefined,
      () => undefined
    )
  }
  try {
    await waitFor(answers, { what: 'nginx', withinMs: READY_WITHIN_MS })
    return { url, pid: child.pid ?? 0, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
