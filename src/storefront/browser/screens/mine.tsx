import type { JSX } from 'preact'
import { Page } from '../parts/page.tsx'
import { Empty, Tabs } from '../parts/ui.tsx'
import { linkTo } from '../shop/route.ts'
import { requireUser, user } from '../shop/session.ts'
import { say, type Word } from '../shop/words.ts'
import { Orders } from './orders.tsx'
import { Points } from './points.tsx'
import { Wins } from './wins.tsx'

const PARTS: ReadonlyArray<{ path: string; word: Word; Part: () => JSX.Element }> = [
  { path: 'orders', word: 'orders', Part: Orders },
  { path: 'wins', word: 'wins', Part: Wins },
  { path: 'points', word: 'pointsTab', Part: Points }
]

/** What is mine: orders, wins, points. */
export function Mine({ part }: { part: string }) {
  const { Part } = PARTS.find(({ path }) => path === part) ?? { Part: Orders }
  return (
    <Page title={say('mine')}>
      <Tabs
        name={say('mine')}
        tabs={PARTS.map(({ path, word }) => ({ href: linkTo('mine', path), text: say(word), isHere: path === part }))}
      />
      {user.value === '' ? (
        <>
          <Empty title={say('signInFirst')} />
          <div class="actions">
            <button type="button" onClick={requireUser}>
              {say('signIn')}
            </button>
          </div>
        </>
      ) : (
        <Part key={user.value} />
      )}
    </Page>
  )
}
