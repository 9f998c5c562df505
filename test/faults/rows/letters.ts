import { connect } from 'nats'
import { streamNames } from '../../../src/journal/subjects.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { askToReopen } from './tools.ts'

interface Intruder {
  readonly what: string
  readonly text: string
}

function order(campaign: string, seq: number): object {
  return {
    seq,
    type: 'order.accepted',
    user: 'intruder',
    key: `u:intruder-${seq}`,
    hash: 'h',
    campaign,
    activity: 'phone',
    session: 'now',
    request: { quantity: 1 },
    add: { s: { 'now:remaining': -1, 'now:held': 1 } }
  }
}

function frame(fields: object): string {
  return JSON.stringify({
    v: 1,
    shard: 0,
    batch: 900_000_001,
    at: Date.now(),
    decisions: [order('rush', 1)],
    ...fields
  })
}

/** What no gate of this opening has written. */
function intruders(epoch: number): Intruder[] {
  return [
    { what: 'not JSON', text: '{"v":1,' },
    { what: 'no frame', text: '{"hello":"world"}' },
    { what: 'of a campaign that nobody knows', text: frame({ epoch, decisions: [order('nowhere', 900_001)] }) },
    {
      what: 'of a session that nobody opened',
      text: frame({
        epoch,
        decisions: [
          { ...order('rush', 900_003), session: 'never', add: { s: { 'never:remaining': -1, 'never:held': 1 } } }
        ]
      })
    },
    {
      what: 'with a record that is not readable',
      text: frame({ epoch, decisions: [{ ...order('rush', 900_002), put: { u: { [`o:${epoch}-900002`]: 'a;b' } } }] })
    },
    { what: 'too large', text: JSON.stringify({ v: 1, junk: 'x'.repeat(3 * 1024 ** 2) }) },
    { what: 'of an epoch that is not opened yet', text: frame({ epoch: epoch + 5 }) },
    { what: 'of a fenced epoch', text: frame({ epoch: epoch - 1 }) },
    { what: 'of another shard', text: frame({ epoch, shard: 7 }) }
  ]
}

/** With an even seed between two openings: the first fences an epoch, the second has to read past the dead letters. */
async function plantLetters(scene: Scene): Promise<string> {
  const { seed, world } = scene
  if (seed % 2 === 1) return plant(scene)
  const fenced = await askToReopen(scene)
  await world.reopened(fenced)
  const planted = await plant(scene)
  const after = await world.reopened(await askToReopen(scene))
  return `${planted}; epoch ${fenced} was fenced before, ${after} opened behind them`
}

async function plant(scene: Scene): Promise<string> {
  const { epoch } = await scene.world.shard()
  const nc = await connect({ servers: scene.lane.url('nats'), reconnect: false })
  try {
    const js = nc.jetstream({ timeout: 5000 })
    const subject = streamNames(scene.world.namespace).journalSubject(0, epoch)
    const planted = intruders(epoch)
    for (const { text } of planted) {
      await js.publish(subject, Buffer.from(text))
      await scene.load.flowing(3)
    }
    scene.planted = planted.length
    return planted.map(({ what }) => what).join(', ')
  } finally {
    await nc.close()
  }
}

export const letterRows: readonly Row[] = [
  {
    id: 'F32',
    title: 'Frames that cannot be read, or that no gate wrote, become dead letters; their neighbours are projected.',
    sale: { restMs: 60 },
    expects: (seed) => ({ opensAgain: seed % 2 === 0, alarms: ['DEAD_LETTER'] }),
    strike: plantLetters
  }
]
