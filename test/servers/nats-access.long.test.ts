import t, { type Test } from 'tap'
import { connectJournal } from '../../src/journal/connection.ts'
import { checkPart } from '../../src/stack/checks.ts'
import { findExecutable } from '../../src/stack/processes/programs.ts'
import { runCli } from '../support/servers/cli.ts'
import { operatorOf, privateCertificate } from '../support/servers/nats-security.ts'
import { natsServer } from '../support/servers/nats-server.ts'
import { type ServerUrls, sharedServers, temporaryFolder, testShards } from '../support/servers/servers.ts'
import { assertWhole, bought, openShop } from '../support/shop/shop.ts'

// NATS as other people run it: with logins of every kind, with TLS. (With little room: test/journal/little-room.test.ts; as a cluster:
// nats-cluster.long.test.ts.)

const shared = await sharedServers(t)

/** Sells, and finds everything where it must be. */
async function sells(t: Test, urls: Partial<ServerUrls>) {
  const shop = await openShop(t, { ...shared, ...urls }, { stock: 100 })
  await bought(shop, 'ann')
  await assertWhole(t, shop)
  return shop
}

const connecting = (url: string, creds = '') => connectJournal({ url, creds, name: 'nats-test' })

t.test('user and password, also one that begins with a digit and has an @ in it', async (t) => {
  const { port } = await natsServer(t, { lines: ['authorization { user: shop, password: "1st@secret" }'] })
  await t.rejects(connecting(`nats://127.0.0.1:${port}`), /Authorization/)
  await t.rejects(connecting(`nats://shop:2nd@127.0.0.1:${port}`), /Authorization/)
  await sells(t, { natsUrl: `nats://shop:1st%40secret@127.0.0.1:${port}` })
})

t.test('a token', async (t) => {
  const { port } = await natsServer(t, { lines: ['authorization { token: "t0ken/with a slash" }'] })
  await t.rejects(connecting(`nats://other@127.0.0.1:${port}`), /Authorization/)
  await sells(t, { natsUrl: `nats://t0ken%2Fwith%20a%20slash@127.0.0.1:${port}` })
})

t.test('a file of credentials, of an account with a bound of its own that doctor tells', async (t) => {
  const diskBytes = 600 * 1024 ** 2
  const { lines, creds } = operatorOf(temporaryFolder(t), { diskBytes })
  const { url: natsUrl } = await natsServer(t, { lines })
  await t.rejects(connecting(natsUrl), /Authorization/)
  const { core } = await sells(t, { natsUrl, env: { NATS_CREDS: creds } })
  t.match(await checkPart('nats', core.config), {
    ok: true,
    text: new RegExp(`${2 + testShards} streams reserve .* the account may have 600\\.0 MiB`)
  })
  t.match(await checkPart('nats', { ...core.config, JOURNAL_MAX_BYTES: 2 * diskBytes }), {
    ok: false,
    text: /no room for a journal stream of JOURNAL_MAX_BYTES/
  })
})

const openssl = findExecutable('openssl')
const withOpenssl = { skip: openssl === undefined && 'this machine has no openssl' }

t.test('tls:// is TLS or nothing, and the certificate is that of the host', withOpenssl, async (t) => {
  const files = privateCertificate(openssl ?? '', temporaryFolder(t))
  const lines = [`tls { cert_file: "${files.cert}", key_file: "${files.key}" }`]
  const { port } = await natsServer(t, { lines })
  const plain = await natsServer(t, {})
  const trusting = { NODE_EXTRA_CA_CERTS: files.ca }
  const rows: Array<[string, Record<string, string>, RegExp]> = [
    [`tls://127.0.0.1:${port}`, trusting, /^ok +NATS +version/m],
    [`tls://127.0.0.1:${port}`, {}, /^FAIL +NATS .*(?:self.signed|issuer|verify)/im],
    [`tls://localhost:${port}`, trusting, /^FAIL +NATS .*(?:altnames|certificate)/im],
    [`tls://127.0.0.1:${plain.port}`, trusting, /^FAIL +NATS .*speaks no TLS/m]
  ]
  for (const [url, env, words] of rows) t.match((await runCli(['doctor'], { NATS_URL: url, ...env })).out, words, url)
})
