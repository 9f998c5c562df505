import { Card, type CardOf } from '../parts/card.tsx'
import { Copy, ownAddress } from '../parts/copy.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { rewardOf } from '../shop/format.ts'
import { campaign as here } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { useFound, useUnfolding } from '../shop/read.ts'
import { linkTo } from '../shop/route.ts'
import { client, user } from '../shop/session.ts'
import { named, say } from '../shop/words.ts'

const SHARE_WORDS = { created: 'pending', verified: 'qualified', voided: 'voided' } as const

/** Shares the campaign on a channel: it gives a link, which counts once somebody else has looked at it. */
function Channel({
  campaign,
  channel,
  reward,
  isOpen
}: {
  campaign: string
  channel: string
  reward: string
  isOpen: boolean
}) {
  const act = useAct(`share ${campaign}/${channel}`, (key) =>
    client.value.share(campaign, { key, channel, subject: { type: 'campaign', id: campaign } })
  )
  return (
    <li>
      <div class="row">
        <span>{reward}</span>
        <ActButton act={act} disabled={!isOpen} onClick={() => act.go(undefined)}>
          {say('shareOn', { channel: named('channel', channel) })}
        </ActButton>
      </div>
      <Ended act={act} wish={undefined}>
        {({ share }) => (
          <>
            {share.url !== null && <Copy label={say('shared')} text={ownAddress(share.url)} />}
            <p>{say('shareNote')}</p>
            <a href={linkTo('c', campaign, 'share', share.id)}>{say('progress')}</a>
          </>
        )}
      </Ended>
    </li>
  )
}

/** What one has shared so far, and what came of it. */
function Mine({ campaign }: { campaign: string }) {
  const { onToggle, news } = useUnfolding()
  const { answer } = useFound(() => client.value.myShares(campaign, { limit: 10 }), [campaign, user.value, news])
  const items = answer?.items ?? []
  if (items.length === 0) return null
  return (
    <details onToggle={onToggle}>
      <summary>
        {say('myShares')} ({items.length})
      </summary>
      <ul class="plain">
        {items.map(({ id, channel, status, clicks, assists }) => (
          <li key={id}>
            <a href={linkTo('c', campaign, 'share', id)}>{named('channel', channel)}</a>{' '}
            <span class="badge">{say(SHARE_WORDS[status])}</span>{' '}
            <span class="soft">
              {say('looks', { count: clicks })}
              {assists !== null && ` ${say('helpersSoFar', { count: assists.count })}`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}

export function ShareCard({ activity, campaign }: CardOf<'share'>) {
  const canShare = activity.subjects.includes('campaign')
  return (
    <Card activity={activity}>
      {(isOpen) => (
        <>
          <ul class="plain">
            {Object.entries(activity.channels).map(([channel, { reward }]) => (
              <Channel
                key={channel}
                campaign={campaign}
                channel={channel}
                reward={rewardOf(reward, here.value)}
                isOpen={isOpen && canShare}
              />
            ))}
          </ul>
          {user.value !== '' && <Mine campaign={campaign} />}
        </>
      )}
    </Card>
  )
}
