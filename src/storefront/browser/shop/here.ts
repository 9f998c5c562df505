import { computed, signal } from '@preact/signals'
import type { Campaign, Standing } from 'floodgate/client'
import { client, user } from './session.ts'

/** The campaign that is looked at, as it is now. */
export const campaign = signal<Campaign | undefined>(undefined)

/** Where the signed-in user stands in it: balances, chances, what is left of limits. Undefined for nobody, and before it is known. */
export const standing = signal<Standing | undefined>(undefined)

/** Whether figures come in: `watching`, `waiting`, `hidden`, `gone`; '' before the first attempt. */
export const watching = signal('')

/** rises with each act, so that what depends on it is read again */
export const acts = signal(0)

let asked = 0

/** Reads again where the user stands. A failure leaves what was known: what was done said itself how it ended. */
function refreshStanding(): void {
  const of = campaign.peek()?.id
  const turn = ++asked
  if (of === undefined || user.peek() === '') {
    standing.value = undefined
    return
  }
  client
    .peek()
    .me(of)
    .then((found) => {
      // answers may come in another order than they were asked for
      if (turn === asked) standing.value = found
    })
    .catch(() => {})
}

/** To be called after each act: all that it may have changed is read again. */
export function noteAct(): void {
  acts.value = acts.peek() + 1
  refreshStanding()
}

// each change of the figures is another campaign; that somebody looks at another one is another id
const place = computed(() => `${user.value}/${campaign.value?.id}`)
place.subscribe(() => refreshStanding())

// what others did meanwhile, such as help, may have given something
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refreshStanding()
})

/** Watches a campaign until it is left. */
export function enter(id: string): () => void {
  campaign.value = undefined
  standing.value = undefined
  watching.value = ''
  const take = (found: Campaign) => {
    campaign.value = found
  }
  const onState = (state: string) => {
    watching.value = state
  }
  return client.peek().live(id, take, { pauseWhenHidden: true, onState })
}
