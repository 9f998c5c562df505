import { computed } from '@preact/signals'
import { ReadError } from 'floodgate/client'
import type { TargetedEvent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { acts } from './here.ts'
import { beat } from './time.ts'
import { say } from './words.ts'

/** Changes with each act and every ten seconds: lists are read from what is stored, which is so a moment after the act, and others act too. */
export const news = computed(() => `${acts.value}/${beat.value}`)

export interface Unfolding {
  readonly isOpen: boolean
  readonly onToggle: (event: TargetedEvent<HTMLDetailsElement>) => void
  readonly news: string
}

/** For a list that is folded away: what it is read on. While nobody looks at it, only one's own acts are a reason; a crowd that passes by asks for little. */
export function useUnfolding(): Unfolding {
  const [isOpen, setOpen] = useState(false)
  return {
    isOpen,
    onToggle: (event) => setOpen(event.currentTarget.open),
    news: isOpen ? news.value : `${acts.value}`
  }
}

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
