import t from 'tap'
import { goesAlone } from '../../../src/gate/batch/call-traits.ts'
import type { AdjustCommand } from '../../../src/gate/batch/commands.ts'

const common = { user: 'ann', key: 'x:adj:1', hash: 'h', campaign: 'c', activity: '', request: '{}' } as const

function adjustment(change: Partial<Pick<AdjustCommand, 'puts' | 'adds'>>): AdjustCommand {
  return { ...common, op: 'adjust', type: 'balance.credited', puts: [], adds: [], ...change }
}

// the script checks rules and stock when it first reads them in a batch, and counts on it from then on
t.test('what writes rules or stock is alone in its batch, and nothing else is', async (t) => {
  t.ok(goesAlone(adjustment({ puts: [['s:c:phone', 'am:remaining', '5']] })), 'units')
  t.ok(goesAlone(adjustment({ adds: [['s:c:phone', 'am:remaining', -1]] })), 'units taken away')
  t.ok(goesAlone(adjustment({ puts: [['a:c:phone', 'price', '1']] })), 'rules of an activity')
  t.ok(goesAlone(adjustment({ adds: [['c:c', 'participants', 1]] })), 'a figure of the campaign')
  t.ok(goesAlone(adjustment({ adds: [['u:ben', 'b:points', 1]] })), 'the balance of another user')
  t.notOk(goesAlone(adjustment({ adds: [['u:ann', 'b:points', 1]] })), 'the balance of its own user')
  t.notOk(goesAlone({ ...common, op: 'buy', activity: 'phone', level: 0, quantity: 1 }), 'an order')
})
