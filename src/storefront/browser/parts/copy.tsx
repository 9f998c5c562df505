import { useState } from 'preact/hooks'
import { say } from '../shop/words.ts'

/** An address of this shop as this browser reaches it: the campaign names one for everybody, and a phone may come another way. */
export function ownAddress(url: string): string {
  const { pathname, hash } = new URL(url, location.href)
  return pathname === location.pathname ? location.origin + pathname + hash : url
}

/** A text to pass on. It can be selected where the clipboard cannot be written, as on pages that come over plain http. */
export function Copy({ label, text }: { label: string; text: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = () =>
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => {}
    )
  return (
    <div class="copy">
      <label>
        {label}
        <input readOnly value={text} onFocus={(event) => event.currentTarget.select()} />
      </label>
      {navigator.clipboard !== undefined && (
        <button type="button" class="quiet" onClick={copy}>
          {say(isCopied ? 'copied' : 'copy')}
        </button>
      )}
    </div>
  )
}
