import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { givenServers, withLanes } from '../../test/faults/lanes.ts'
import { play } from '../../test/faults/play.ts'
import { type Picks, soldOnCluster } from '../../test/faults/rows/sold-on-cluster.ts'
import { pickWeights } from '../../test/faults/soak/campaign.ts'
import { verdictLines } from '../../test/faults/verdict.ts'
import { chiSquare, fitText } from '../../test/support/model/chi-square.ts'

const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

/**
 * One item and one draw over four shards on three masters sell out, seed after seed, while masters, gateways and workers are killed: the fault row of
 * that, and over all seeds the test of Pearson of how often numbers meant each prize. Servers that the environment names are not used: they are killed here.
 * @returns whether everything held
 */
export async function sellWithKills(seeds: number): Promise<boolean> {
  const picks: Picks = new Map()
  const row = soldOnCluster(picks)
  const folder = mkdtempSync(join(tmpdir(), 'floodgate-bench-'))
  let failed = 0
  try {
    const runs = Array.from({ length: seeds }, (_, index) => index + 1)
    await withLanes({ folder, given: givenServers({}), count: 1 }, runs, async (lane, seed) => {
      const verdict = await play({ row, seed, lane, cli, evidence: 'build/evidence/faults', timed: false })
      if (verdict.outcome !== 'passed') failed += 1
      for (const line of verdictLines(verdict)) console.log(line)
    })
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const counts = Object.keys(pickWeights).map((prize) => picks.get(prize) ?? 0)
  const fit = chiSquare(counts, Object.values(pickWeights))
  const spins = counts.reduce((sum, count) => sum + count, 0)
  const fits = fit.statistic <= fit.critical
  console.log(`${spins} spins meant ${counts.join(', ')} times ${Object.keys(pickWeights).join(', ')}: ${fitText(fit)}`)
  console.log(
    `${seeds - failed} of ${seeds} seeds hold; the shares of the prizes are ${fits ? '' : 'NOT '}as published`
  )
  return failed === 0 && fits
}
