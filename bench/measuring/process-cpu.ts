import { readdirSync, readFileSync } from 'node:fs'

/** Linux tells process times in hundredths of a second on every architecture it runs Node on. */
const MICROS_PER_TICK = 10_000

interface ProcessTimes {
  readonly parent: number
  readonly ticks: number
}

/**
 * Reads one line of /proc/<pid>/stat. The command name stands in brackets and may itself hold blanks and brackets,
 * therefore the fields are counted from the last bracket on.
 * @returns parent pid, and the ticks of the process, its threads (ended ones too) and the children it waited for
 * @throws Error when the line is not such a line
 */
export function parseStat(line: string): ProcessTimes {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [parent, ...times] = [fields[1], ...fields.slice(11, 15)].map(Number)
  const ticks = times.reduce((sum, value) => sum + value, 0)
  if (parent === undefined || times.length !== 4 || Number.isNaN(ticks)) throw new Error(`Not a stat line: ${line}`)
  return { parent, ticks }
}

function readProcesses(): Map<number, ProcessTimes> {
  const processes = new Map<number, ProcessTimes>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      processes.set(Number(entry), parseStat(readFileSync(`/proc/${entry}/stat`, 'latin1')))
    } catch {
      // it ended between the listing and the reading; its time now stands with its parent
    }
  }
  return processes
}

/** User, nice, system, interrupts and stolen time of /proc/stat; idle and waiting for disks are left out. */
const BUSY_FIELDS = [1, 2, 3, 6, 7, 8]

/** CPU time that all cores together spent at work since the machine started, in microseconds. */
export function machineMicros(): number {
  const fields = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]?.split(/\s+/) ?? []
  return BUSY_FIELDS.reduce((sum, field) => sum + Number(fields[field] ?? 0), 0) * MICROS_PER_TICK
}

/**
 * CPU time spent so far by whole process trees: the given processes, their threads and everything below them, ended
 * children included (Postgres starts a process per connection).
 * @param roots pids by part name
 * @returns microseconds by part name, in steps of 10,000
 */
export function cpuMicros<Part extends string>(roots: Record<Part, readonly number[]>): Record<Part, number> {
  const processes = readProcesses()
  const children = new Map<number, number[]>()
  for (const [pid, { parent }] of processes) children.set(parent, [...(children.get(parent) ?? []), pid])
  const totals: Partial<Record<Part, number>> = {}
  for (const part of Object.keys(roots) as Part[]) {
    const tree = new Set<number>()
    const open = [...roots[part]]
    for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
      if (tree.has(pid)) continue
      tree.add(pid)
      open.push(...(children.get(pid) ?? []))
    }
    let ticks = 0
    for (const pid of tree) ticks += processes.get(pid)?.ticks ?? 0
    totals[part] = ticks * MICROS_PER_TICK
  }
  return totals as Record<Part, number>
}
