import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { OutsideReport } from '../../src/load/outside/report.ts'
import { runCli } from '../support/servers/cli.ts'
import { startStack } from '../support/servers/stack.ts'
import { openSession, saleDefinition } from '../support/shop/sale.ts'

const stack = await startStack(t)

t.test('a stack is loaded from outside until it is sold out, and keeps its word', async (t) => {
  await stack.publish(saleDefinition({ id: 'outside', sales: { phone: { sessions: [openSession(200)] } } }))
  const out = t.testdir()
  const tokens = join(out, 'tokens')
  writeFileSync(tokens, Array.from({ length: 40 }, (_, user) => stack.tokenOf(`outside-${user}`)).join('\n'))
  const rates = ['--rate', '20', '--to-rate', '180', '--seconds', '3', '--source', '127.0.0.1', '--source', '127.0.0.2']
  const ended = await runCli(
    ['bench', 'outside/phone', '--url', stack.publicUrl, '--tokens', tokens, '--out', out, ...rates],
    {}
  )
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as OutsideReport
  t.same(report.proof.broken, [])
  t.match(report.proof.facts, {
    requests: 300,
    confirmed: 200,
    keys: 300,
    users: 40,
    listed: 200,
    remainingBefore: 200
  })
  t.match(ended.out, /Nothing that was confirmed is lost/)
  t.equal(ended.code, report.load.void ? 1 : 0, ended.err)
  t.match(readFileSync(join(out, 'report.html'), 'utf8'), /<h1>Load on outside\/phone/)
})
