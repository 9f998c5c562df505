import t from 'tap'
import { Campaigns } from '../../src/campaign/lifecycle/lifecycle.ts'
import { driveIntents } from '../../src/campaign/lifecycle/unfinished.ts'
import type { Gate } from '../../src/gate/gate.ts'
import { ada, ben, openDefinition, setUp } from './at-the-gate.ts'

const { campaigns, deps, purchase } = await setUp(t)

/** Preload and opening as `Campaigns.publish` does them, while the worker opens the campaign right before the first reading. */
async function overtaken(id: string) {
  await campaigns.save({ id, input: openDefinition(id) }, ada)
  await campaigns.submit(id, ada)
  await campaigns.approve(id, ben)
  let isFirst = true
  const read: Gate['read'] = async (keys) => {
    if (isFirst) await driveIntents(deps)
    isFirst = false
    return deps.gate.read(keys)
  }
  const slow = new Campaigns({ ...deps, gate: { ...deps.gate, read } }, { carryMs: 20_000 })
  return slow.publish(id, ben)
}

t.test('a publication succeeds although a worker opens the campaign while it is compared', async (t) => {
  const { campaign, intent } = await overtaken('overtaken')
  t.match(campaign, { review: 'published', publishedVersion: 1 })
  t.match(intent, { state: 'applied', type: 'campaign.published' }, 'and it is open when the answer comes')
  t.match(await purchase('overtaken', 'alice'), { kind: 'confirmed' })
})
