import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLanes } from '../lanes.ts'
import { play } from '../play.ts'
import { rows } from '../rows.ts'
import type { GivenServers } from '../world/lane.ts'
import { type PlantedBug, plantedBugs } from './bugs.ts'
import { caughtBy, plant } from './plant.ts'

// build/test/faults/planted -> the package
const root = fileURLToPath(new URL('../../../../', import.meta.url))

interface PlantedOptions {
  readonly folder: string
  readonly given: GivenServers
  readonly lanes: number
  /** only bugs that turn these rows red; empty: all */
  readonly rows: readonly string[]
  readonly say: (text: string) => void
}

/** Runs rows against copies with a planted bug, each of which must turn red. @returns whether every bug was caught */
export async function runPlanted({ folder, given, lanes, rows: wanted, say }: PlantedOptions): Promise<boolean> {
  const chosen = plantedBugs.filter(({ runs }) => wanted.length === 0 || runs.some(({ row }) => wanted.includes(row)))
  const missed = new Set<PlantedBug>()
  const items = chosen.flatMap((bug, index) => {
    const cli = plant(root, join(folder, `planted-${index}`), bug)
    return bug.runs.map(({ row: id, seed }) => {
      const row = rows.find((each) => each.id === id)
      if (row === undefined) throw new Error(`The bug ${bug.name} names the row ${id}, which there is not.`)
      return { bug, row, seed, cli }
    })
  })
  await withLanes({ folder, given, count: Math.min(lanes, items.length) }, items, async (lane, item) => {
    const { bug, row, seed, cli } = item
    const verdict = await play({ row, seed, lane, cli, evidence: join(folder, 'evidence'), timed: true })
    const difference = caughtBy(bug, verdict)
    const run = `${row.id} seed ${seed} (${(verdict.ms / 1000).toFixed(1)} s)`
    if (difference === undefined) missed.add(bug)
    if (difference !== undefined) say(`caught  ${bug.name}: ${run} by ${difference.rule}: ${difference.what}`)
    else {
      say(`MISSED  ${bug.name}: ${run} ${verdict.outcome}`)
      for (const text of verdict.proof) say(`        ${text}`)
      for (const { rule, what } of verdict.differences.slice(0, 8)) say(`        ! ${rule}: ${what}`)
    }
  })
  say(`${chosen.length - missed.size} planted bugs caught, ${missed.size} missed`)
  return missed.size === 0
}
