import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/**
 * A full garbage collection; it takes as long as what lives is large, some 30 ms for 30 MB. For work that makes much garbage and keeps little:
 * by itself V8 lets the heap grow to several times what lives before it looks at what is old.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
    setFlagsFromString('--no-expose-gc')
  }
  collect()
}
