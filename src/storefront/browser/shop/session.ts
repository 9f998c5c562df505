import { signal } from '@preact/signals'
import { type Client, createClient } from 'floodgate/client'
import { language } from './words.ts'

const USER = 'floodgate-shop-user'

/** Who is signed in; '' for nobody. Kept over visits, since a shop knows its customers. */
export const user = signal(localStorage.getItem(USER) ?? '')

let token = ''

/**
 * Signs in as the shop's own system of users would: here under any name.
 * @throws Error with a text for people where the name is refused
 */
async function fetchToken(name: string): Promise<string> {
  const answer = await fetch('/demo/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: name })
  })
  const body = (await answer.json()) as { token?: string; detail?: string }
  if (body.token === undefined) throw new Error(body.detail ?? '')
  return body.token
}

/** What the client calls when it needs a token: the one that is there, or a new one where that was refused. */
async function currentToken(rejected?: string): Promise<string> {
  if (user.value === '') return ''
  if (token === '' || token === rejected) token = await fetchToken(user.value)
  return token
}

const connect = (): Client => createClient({ baseUrl: location.origin, token: currentToken, language })

/** The client of whoever is signed in. It remembers its token, so another user gets another one. */
export const client = signal(connect())

/** The header that proves who asks, for what is no part of Floodgate. */
export const authorization = async (): Promise<string> => `Bearer ${await currentToken()}`

/** @param name '' signs out @throws Error with a text for people */
export async function signIn(name: string): Promise<void> {
  token = name === '' ? '' : await fetchToken(name)
  if (name === '') localStorage.removeItem(USER)
  else localStorage.setItem(USER, name)
  user.value = name
  client.value = connect()
}

/** Set while somebody is asked for their name; called with whether they gave it. */
export const asking = signal<((isSignedIn: boolean) => void) | undefined>(undefined)

/** Asks for a name where nobody is signed in. @returns whether somebody is */
export function requireUser(): Promise<boolean> {
  if (user.value !== '') return Promise.resolve(true)
  return new Promise((resolve) => {
    asking.value = (isSignedIn) => {
      asking.value = undefined
      resolve(isSignedIn)
    }
  })
}
