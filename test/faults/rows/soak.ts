import type { Difference } from '../../support/judging/promise.ts'
import { seededRandom } from '../../support/random.ts'
import type { Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { playRound } from '../soak/round.ts'
import { soakAlarms, soakWorld } from '../soak/soak-world.ts'
import { ownNats } from './journal-lost.ts'

const strikeMs = 45_000
const differences = new WeakMap<Scene, readonly Difference[]>()

/** One round of the soak. */
async function soaked(scene: Scene): Promise<string> {
  const { world, seed, timed } = scene
  const round = { world, id: 'soak', seed, random: seededRandom(seed), timed, strikeMs, folder: world.folder }
  const result = await playRound({ ...round, journalLost: false, say: (text) => scene.note(text.trim()) })
  differences.set(scene, result.differences)
  return `${result.struck.length} faults; ${result.history.summary()}; ${result.desk}`
}

export const soakRows: readonly Row[] = [
  {
    id: 'F40',
    title:
      'Random faults strike all parts while a campaign sells out and is drawn: nothing lost, doubled or beyond stock or quota.',
    prepare: ownNats,
    world: soakWorld,
    // the round brings a crowd of its own
    sale: { buyers: 0 },
    expects: { unsold: true, journalLost: true, mayAlarm: soakAlarms },
    strike: soaked,
    judge: async (scene) => differences.get(scene) ?? []
  }
]
