import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Whether a process runs; one that has ended and only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  const stat = readProc(pid, 'stat')
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
}

/** Processes that have anything to do with a folder: by command line, environment or working directory. */
export function processesOf(folder: string): Array<{ readonly pid: number; readonly command: string }> {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => isAlive(pid) && mentions(pid, folder))
    .map((pid) => ({ pid, command: readProc(pid, 'cmdline').replaceAll('\0', ' ').trim() }))
}

function mentions(pid: number, folder: string): boolean {
  if (readProc(pid, 'cmdline').includes(folder) || readProc(pid, 'environ').includes(folder)) return true
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
  } catch {
    return false
  }
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
