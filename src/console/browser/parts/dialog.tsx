import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** A window over the page that holds the focus; Escape closes it. */
export function Dialog({
  title,
  onClose,
  children
}: {
  title: string
  onClose: () => void
  children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="dialog-title">
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  )
}

/** Closes the window that it stands in, so that the focus goes back to where it was. */
export function CloseButton({ children }: { children: string }) {
  return (
    <button type="button" class="quiet" onClick={(event) => event.currentTarget.closest('dialog')?.close()}>
      {children}
    </button>
  )
}
