import { useState } from 'preact/hooks'
import { ask, keepToken } from '../api.ts'
import { Fault } from '../parts/ui.tsx'

/** Signs an operator in by the token that `floodgate operator add` printed. */
export function SignIn() {
  const [value, setValue] = useState('')
  const [fault, setFault] = useState<Error>()
  const send = async (event: Event) => {
    event.preventDefault()
    keepToken(value.trim())
    try {
      await ask('/health')
    } catch (error) {
      keepToken('')
      setFault(error as Error)
    }
  }
  return (
    <main class="sign-in">
      <h1>Floodgate</h1>
      <p class="soft">The console of those who run the night.</p>
      <form onSubmit={send}>
        <label>
          Operator token
          <input
            type="password"
            autocomplete="off"
            required
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </label>
        {fault && <Fault fault={fault} />}
        <button type="submit">Sign in</button>
      </form>
      <p class="soft">
        <code>floodgate operator add</code> prints a token once; the local stack shows those of its operators when it
        starts. It stays in this tab and goes with it.
      </p>
    </main>
  )
}
