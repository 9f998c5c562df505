import { ReadError } from 'floodgate/client'
import { useEffect, useState } from 'preact/hooks'
import { say } from './words.ts'

/** What was asked for. An old answer stays while it is asked for again, so that nothing jumps. */
interface Found<Answer> {
  readonly answer: Answer | undefined
  /** why it could not be read, for people */
  readonly fault: string | undefined
  readonly again: () => void
}

/** Reads something, and reads it again when one of `on` changes. @param read undefined asks for nothing */
export function useFound<Answer>(read: (() => Promise<Answer>) | undefined, on: readonly unknown[]): Found<Answer> {
  const [answer, setAnswer] = useState<Answer>()
  const [fault, setFault] = useState<string>()
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (read === undefined) return
    let isWanted = true
    read()
      .then((found) => {
        if (!isWanted) return
        setAnswer(() => found)
        setFault(undefined)
      })
      .catch((error: unknown) => {
        if (isWanted) setFault((error instanceof ReadError ? error.problem?.title : undefined) ?? say('unreachable'))
      })
    return () => {
      isWanted = false
    }
  }, [...on, turn])
  return { answer, fault, again: () => setTurn((before) => before + 1) }
}
