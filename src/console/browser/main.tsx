import { type JSX, render } from 'preact'
import { useEffect } from 'preact/hooks'
import { keepToken, token } from './api.ts'
import { listenForKeys } from './keys.ts'
import { learnRole, you } from './role.ts'
import { matched, route } from './route.ts'
import { Audit } from './screens/audit.tsx'
import { Campaign } from './screens/campaign/campaign.tsx'
import { Definition, NewCampaign } from './screens/campaign/definition.tsx'
import { Draws } from './screens/campaign/draws.tsx'
import { Units } from './screens/campaign/units.tsx'
import { Machine } from './screens/machine/machine.tsx'
import { AffectedOrders } from './screens/orders/affected.tsx'
import { OneOrder } from './screens/orders/order.tsx'
import { Orders } from './screens/orders/orders.tsx'
import { Prizes } from './screens/orders/prizes.tsx'
import { OneWin } from './screens/orders/win.tsx'
import { Wins } from './screens/orders/wins.tsx'
import { People } from './screens/people/people.tsx'
import { CampaignReport } from './screens/report/report.tsx'
import { SignIn } from './screens/sign-in.tsx'
import { Tonight } from './screens/tonight.tsx'

const LINKS = [
  ['/', 'Tonight'],
  ['/people', 'People'],
  ['/orders', 'Orders'],
  ['/wins', 'Wins'],
  ['/parts', 'Parts'],
  ['/audit', 'Audit']
] as const

type Found = Readonly<Record<string, string>>

/** Screens by their routes. */
const SCREENS: ReadonlyArray<readonly [pattern: string, screen: (found: Found, path: string) => JSX.Element]> = [
  ['/campaigns/:campaign/definition', ({ campaign = '' }) => <Definition key={campaign} id={campaign} />],
  ['/campaigns/:campaign/draws', ({ campaign = '' }) => <Draws key={campaign} id={campaign} />],
  ['/campaigns/:campaign/units', ({ campaign = '' }) => <Units key={campaign} id={campaign} />],
  ['/campaigns/:campaign/prizes', ({ campaign = '' }) => <Prizes key={campaign} id={campaign} />],
  ['/campaigns/:campaign/affected', ({ campaign = '' }) => <AffectedOrders key={campaign} id={campaign} />],
  ['/campaigns/:campaign/report', ({ campaign = '' }) => <CampaignReport key={campaign} id={campaign} />],
  ['/campaigns/:campaign', ({ campaign = '' }) => <Campaign key={campaign} id={campaign} />],
  ['/new', (_, path) => <NewCampaign key={path} />],
  ['/people', () => <People />],
  ['/orders', () => <Orders />],
  ['/orders/:order', ({ order = '' }) => <OneOrder key={order} id={order} />],
  ['/wins', () => <Wins />],
  ['/wins/:win', ({ win = '' }) => <OneWin key={win} id={win} />],
  ['/parts', () => <Machine />],
  ['/audit', () => <Audit />]
]

function Screen() {
  const path = route.value
  for (const [pattern, screen] of SCREENS) {
    const found = matched(pattern, path)
    if (found !== undefined) return screen(found, path)
  }
  return <Tonight />
}

function App() {
  const signedIn = token.value !== ''
  useEffect(() => {
    if (signedIn) void learnRole()
  }, [signedIn])
  if (!signedIn) return <SignIn />
  const here = route.value.split('?')[0] ?? '/'
  return (
    <>
      <header>
        <a class="brand" href="#/">
          Floodgate
        </a>
        <nav aria-label="Screens">
          {LINKS.map(([path, name]) => (
            <a key={path} href={`#${path}`} aria-current={here === path ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        {you.value && (
          <span class="soft">
            {you.value.name}, {you.value.role}
          </span>
        )}
        <button type="button" class="quiet" onClick={() => keepToken('')}>
          Sign out
        </button>
      </header>
      <Screen />
    </>
  )
}

listenForKeys()
const place = document.getElementById('app')
if (place !== null) render(<App />, place)
