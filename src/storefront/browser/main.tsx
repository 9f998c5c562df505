import { type JSX, render } from 'preact'
import { Campaign } from './screens/campaign.tsx'
import { Campaigns } from './screens/campaigns.tsx'
import { Join, Shared } from './screens/join.tsx'
import { Mine } from './screens/mine.tsx'
import { SignIn } from './screens/sign-in.tsx'
import { linkTo, route } from './shop/route.ts'
import { requireUser, signIn, user } from './shop/session.ts'
import { startClock } from './shop/time.ts'
import { language, say } from './shop/words.ts'

/** What lies below a campaign, by the part of the address that names it. */
const BELOW: Readonly<Record<string, (props: { campaign: string; name: string }) => JSX.Element>> = {
  join: Join,
  share: Shared
}

function Screen() {
  const [first, id = '', what = '', name = ''] = route.value
  if (first === 'mine') return <Mine part={id || 'orders'} />
  if (first !== 'c' || id === '') return <Campaigns />
  const Below = BELOW[what]
  return Below === undefined ? <Campaign key={id} id={id} /> : <Below key={name} campaign={id} name={name} />
}

function Who() {
  if (user.value === '')
    return (
      <button type="button" onClick={requireUser}>
        {say('signIn')}
      </button>
    )
  return (
    <>
      <span class="who">{user.value}</span>
      <button type="button" class="quiet" onClick={() => signIn('')}>
        {say('signOut')}
      </button>
    </>
  )
}

function App() {
  const isMine = route.value[0] === 'mine'
  return (
    <>
      <header>
        <a class="brand" href={linkTo()}>
          {say('shop')}
        </a>
        <Who />
      </header>
      <Screen />
      <nav class="bar" aria-label={say('screens')}>
        <a href={linkTo()} aria-current={isMine ? undefined : 'page'}>
          {say('campaigns')}
        </a>
        <a href={linkTo('mine', 'orders')} aria-current={isMine ? 'page' : undefined}>
          {say('mine')}
        </a>
      </nav>
      <SignIn />
    </>
  )
}

document.documentElement.lang = language
startClock()
const place = document.getElementById('app')
if (place !== null) render(<App />, place)
