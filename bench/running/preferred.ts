import { getPriority, setPriority } from 'node:os'

const BEFORE_OTHERS = -10

/**
 * Gives a process the cores before all others while something runs. Whoever plays a crowd by the clock has to come in time: on cores that it shares
 * with what it measures, its requests would come late and nothing would be known. Only root may; for others the run goes on as it is.
 */
export async function preferred<Result>(pid: number, run: () => Promise<Result>): Promise<Result> {
  const usual = getPriority(pid)
  try {
    setPriority(pid, BEFORE_OTHERS)
  } catch {
    return run()
  }
  try {
    return await run()
  } finally {
    setPriority(pid, usual)
  }
}
