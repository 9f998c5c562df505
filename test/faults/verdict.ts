import type { Verdict } from './row.ts'

const shown = 12

/** A verdict as lines of text. */
export function verdictLines({ row, seed, outcome, ms, proof, differences, evidence }: Verdict): string[] {
  return [
    `${outcome.padEnd(7)} ${row} seed ${seed} (${(ms / 1000).toFixed(1)} s)`,
    ...proof.map((text) => `        ${text}`),
    ...differences.slice(0, shown).map(({ rule, what }) => `        ! ${rule}: ${what}`),
    ...(differences.length > shown ? [`        ! and ${differences.length - shown} more`] : []),
    ...(evidence === undefined ? [] : [`        history and logs: ${evidence}`])
  ]
}
