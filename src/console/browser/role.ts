import { signal } from '@preact/signals'
import { ask } from './api.ts'

/** Who is signed in. */
interface You {
  readonly name: string
  readonly role: string
}

const RANKS: Readonly<Record<string, number>> = { viewer: 1, operator: 2, admin: 3 }

/** undefined until the gateway said it */
export const you = signal<You | undefined>(undefined)

/** Asks who holds the token. Without an answer everything is shown: what the role may not do, the API refuses in words. */
export async function learnRole(): Promise<void> {
  try {
    const { operator } = await ask<{ readonly operator?: You }>('/health')
    you.value = operator
  } catch {
    you.value = undefined
  }
}

/** Whether the role may do what `needs` may. */
export function may(needs: 'operator' | 'admin'): boolean {
  const rank = RANKS[you.value?.role ?? '']
  return rank === undefined || rank >= (RANKS[needs] ?? 0)
}
