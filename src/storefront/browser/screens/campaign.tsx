import { useEffect } from 'preact/hooks'
import { ActivityCard } from '../kinds/registry.tsx'
import { Page } from '../parts/page.tsx'
import { Waiting } from '../parts/ui.tsx'
import { costOf, count, expiryOf } from '../shop/format.ts'
import { enter, campaign as here, standing, watching } from '../shop/here.ts'
import { user } from '../shop/session.ts'
import { say } from '../shop/words.ts'

/** What I have here, always in sight; the line is there before it is known, so nothing jumps. */
function Standing() {
  const mine = standing.value
  if (user.value === '') return <p class="standing soft">{say('signInFirst')}</p>
  const amounts = mine ? Object.entries(mine.balances).filter(([unit, value]) => unit === 'points' || value > 0) : []
  const titles = mine?.titles ?? []
  return (
    <p class="standing figure">
      {mine === undefined
        ? '\u00a0'
        : [
            costOf(Object.fromEntries(amounts.map(([unit, value]) => [unit, Math.trunc(value)]))),
            ...(mine.level > 0 ? [say('requiresLevel', { level: mine.level })] : []),
            ...mine.entitlements.map((what) => say('rightTo', { what })),
            ...(mine.expiring ?? []).map(expiryOf),
            ...titles
          ].join(' · ')}
    </p>
  )
}

/** One campaign, as it is now. */
export function Campaign({ id }: { id: string }) {
  useEffect(() => enter(id), [id])
  const campaign = here.value
  const state = watching.value
  if (campaign === undefined || campaign.id !== id) {
    return (
      <Page title={state === 'gone' ? say('goneCampaign') : say('reading')} isBelow>
        {state === 'waiting' && <p class="note bad">{say('unreachable')}</p>}
        {state !== 'gone' && <Waiting count={4} />}
      </Page>
    )
  }
  const { title, description, notice, participants, activities, status } = campaign
  return (
    <Page title={title} isBelow>
      <p class="soft">
        {description}
        {participants !== null && participants > 0 && (
          <span class="figure">
            {description === undefined ? '' : ' · '}
            {say('participants', { count: count(participants) })}
          </span>
        )}
      </p>
      <p class={notice === undefined ? 'hidden' : 'note watch notice'} role="status">
        {notice}
      </p>
      <Standing />
      <p class="offline" role="status">
        {state === 'waiting' ? say('offline') : ''}
      </p>
      <div class="cards">
        {activities
          .toSorted((one, other) => one.sort - other.sort)
          .map((activity) => (status === 'paused' ? { ...activity, paused: true } : activity))
          .map((activity) => (
            <ActivityCard key={activity.id} activity={activity} campaign={id} />
          ))}
      </div>
    </Page>
  )
}
