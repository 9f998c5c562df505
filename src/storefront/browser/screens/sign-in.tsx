import { useEffect, useRef, useState } from 'preact/hooks'
import { asking, signIn } from '../shop/session.ts'
import { say } from '../shop/words.ts'

/** Asks for a name, over the page that needs it: what was begun goes on afterwards. */
export function SignIn() {
  const dialog = useRef<HTMLDialogElement>(null)
  const [name, setName] = useState('')
  const [fault, setFault] = useState('')
  const isAsked = asking.value !== undefined
  useEffect(() => {
    if (isAsked) dialog.current?.showModal()
    else dialog.current?.close()
  }, [isAsked])
  const send = async (event: Event) => {
    event.preventDefault()
    try {
      await signIn(name.trim())
      setFault('')
      asking.value?.(true)
    } catch (error) {
      setFault(error instanceof TypeError ? say('unreachable') : say('nameRefused'))
    }
  }
  return (
    <dialog ref={dialog} aria-labelledby="sign-in" onClose={() => asking.value?.(false)}>
      <form onSubmit={send}>
        <h2 id="sign-in">{say('signInAs')}</h2>
        <p class="soft">{say('signInNote')}</p>
        <label>
          {say('name')}
          <input
            required
            maxLength={64}
            autocomplete="username"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <p class="bad-text" role="alert">
          {fault || '\u00a0'}
        </p>
        <div class="actions">
          <button type="submit">{say('signIn')}</button>
          <button type="button" class="quiet" onClick={() => asking.value?.(false)}>
            {say('notNow')}
          </button>
        </div>
      </form>
    </dialog>
  )
}
