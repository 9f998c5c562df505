import type { Steps } from '../../scheduler.ts'
import type { Opening } from '../gate/gate-state.ts'
import { must, type Projector } from '../projector.ts'
import { type ScriptName, shaOf } from '../scripts.ts'

export interface ScriptRun {
  readonly name: ScriptName
  readonly args?: object
  /** the same call may be sent again where its answer does not come */
  readonly again?: boolean
  /** names the step boundaries around it, where the script has several uses */
  readonly as?: string
}

/** Runs a script of this opening. @throws GaveUp, NOSCRIPT among the reasons */
export function* runScript(
  owner: Projector,
  opening: Opening,
  { name, args, again = false, as = name }: ScriptRun
): Steps<unknown> {
  const { world, process } = owner
  const sha = shaOf(name, opening, world.bugs)
  const call = () =>
    world.askRedis(process, `recovery.${as}`, (node) => node.evalsha(sha, { ...args, opening }) as unknown)
  const reply = yield* call()
  return must(again && !reply.ok && reply.done === 'unknown' ? yield* call() : reply)
}
