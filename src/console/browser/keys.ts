/** Keys that lead to screens: `g` and then one of these, as in other consoles; `/` searches. */
const PLACES: Readonly<Record<string, string>> = {
  t: '/',
  p: '/people',
  o: '/orders',
  w: '/wins',
  m: '/parts',
  a: '/audit'
}

/** ms in which the second key has to follow */
const SOON = 1200

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null

const focusSearch = () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus()

function search(): void {
  if (document.querySelector('input[type=search]') !== null) {
    focusSearch()
    return
  }
  // the screen is there in the frame after the address changed, which is told later
  addEventListener('hashchange', () => requestAnimationFrame(focusSearch), { once: true })
  location.hash = '/people'
}

/** Listens for keys as long as the page is there; what is typed into a field is none of them. */
export function listenForKeys(): void {
  let before = Number.NEGATIVE_INFINITY
  addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event
    if (ctrlKey || metaKey || altKey || isTyping(target)) return
    const place = PLACES[key]
    if (key === '/') {
      event.preventDefault()
      search()
    } else if (key === 'g') before = event.timeStamp
    else if (place !== undefined && event.timeStamp - before < SOON) location.hash = place
  })
}
