import { useRef, useState } from 'preact/hooks'
import { ask, newKey } from '../api.ts'

interface Sent<Answer> {
  readonly busy: boolean
  readonly fault?: Error
  readonly answer?: Answer
}

interface Change {
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: unknown
}

/** Sends changes. The same change again has the same key, so a second click does nothing twice. */
export function useSend<Answer>() {
  const last = useRef({ text: '', key: '' })
  const [sent, setSent] = useState<Sent<Answer>>({ busy: false })
  const send = async (path: string, { method = 'POST', body }: Change): Promise<Answer | undefined> => {
    const text = JSON.stringify([method, path, body])
    if (last.current.text !== text) last.current = { text, key: newKey() }
    setSent({ busy: true })
    try {
      const answer = await ask<Answer>(path, { method, body, key: last.current.key })
      setSent({ busy: false, answer })
      return answer
    } catch (error) {
      setSent({ busy: false, fault: error as Error })
      return undefined
    }
  }
  return { ...sent, send, forget: () => setSent({ busy: false }) }
}
