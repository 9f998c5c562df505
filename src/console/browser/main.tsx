import { render } from 'preact'
import { keepToken, token } from './api.ts'
import { matched, route } from './route.ts'
import { Audit } from './screens/audit.tsx'
import { Campaign } from './screens/campaign.tsx'
import { Definition, NewCampaign } from './screens/definition.tsx'
import { People } from './screens/people.tsx'
import { SignIn } from './screens/sign-in.tsx'
import { Tonight } from './screens/tonight.tsx'

const LINKS = [
  ['/', 'Tonight'],
  ['/people', 'People'],
  ['/audit', 'Audit']
] as const

function Screen() {
  const path = route.value
  const defined = matched('/campaigns/:campaign/definition', path)?.campaign
  if (defined !== undefined) return <Definition key={defined} id={defined} />
  if (matched('/new', path)) return <NewCampaign key={path} />
  const campaign = matched('/campaigns/:campaign', path)?.campaign
  if (campaign !== undefined) return <Campaign key={campaign} id={campaign} />
  if (matched('/people', path)) return <People />
  if (matched('/audit', path)) return <Audit />
  return <Tonight />
}

function App() {
  if (token.value === '') return <SignIn />
  const here = route.value.split('?')[0]
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
        <button type="button" class="quiet" onClick={() => keepToken('')}>
          Sign out
        </button>
      </header>
      <Screen />
    </>
  )
}

const place = document.getElementById('app')
if (place !== null) render(<App />, place)
