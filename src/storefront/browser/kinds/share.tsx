import { Card, type CardOf } from '../parts/card.tsx'
import { Copy, ownAddress } from '../parts/copy.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { rewardOf } from '../shop/format.ts'
import { campaign as here } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { linkTo } from '../shop/route.ts'
import { client } from '../shop/session.ts'
import { named, say } from '../shop/words.ts'

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

export function ShareCard({ activity, campaign }: CardOf<'share'>) {
  const canShare = activity.subjects.includes('campaign')
  return (
    <Card activity={activity}>
      {(isOpen) => (
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
      )}
    </Card>
  )
}
