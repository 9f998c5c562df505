import { useState } from 'preact/hooks'
import { Card, type CardOf } from '../parts/card.tsx'
import { Copy, ownAddress } from '../parts/copy.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { rewardOf } from '../shop/format.ts'
import { campaign as here } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { type Unfolding, useFound, useUnfolding } from '../shop/read.ts'
import { client, user } from '../shop/session.ts'
import { say } from '../shop/words.ts'

/** Accepts somebody's code. */
export function Accept({ campaign, code: given = '' }: { campaign: string; code?: string }) {
  const [code, setCode] = useState(given)
  const act = useAct(`accept ${campaign}`, (key, wish: string) => client.value.accept(campaign, wish, { key }))
  const send = (event: Event) => {
    event.preventDefault()
    void act.go(code.trim())
  }
  return (
    <form onSubmit={send}>
      <div class="copy">
        <label>
          {say('code')}
          <input
            required
            autocomplete="off"
            autocapitalize="characters"
            value={code}
            onInput={(event) => setCode(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={act.busy}>
          {say('accept')}
        </button>
      </div>
      <Ended act={act} wish={code.trim()}>
        {({ acceptance }) => <b>{say('accepted', { inviter: acceptance.inviter })}</b>}
      </Ended>
    </form>
  )
}

type Invites = Awaited<ReturnType<ReturnType<typeof client.peek>['myInvites']>>

/** What one passes on: code, link, picture; and who came by it. */
function Mine({
  campaign,
  invites,
  onToggle
}: {
  campaign: string
  invites: Invites
  onToggle: Unfolding['onToggle']
}) {
  const { code, url, items, invitedBy } = invites
  return (
    <>
      {code !== null && (
        <div class="pass-on">
          <img src={client.value.inviteQr(campaign, code)} alt={say('qr')} width="144" height="144" />
          <div>
            <Copy label={say('myCode')} text={code} />
            {url !== null && <Copy label={say('link')} text={ownAddress(url)} />}
          </div>
        </div>
      )}
      {invitedBy && <p class="soft">{say('invitedBy', { inviter: invitedBy.user })}</p>}
      {code !== null && (
        <details onToggle={onToggle}>
          <summary>
            {say('friends')} ({items.length})
          </summary>
          {items.length === 0 && <p class="soft">{say('noFriends')}</p>}
          <ul class="plain">
            {items.map(({ user: friend, status, acceptedAt }) => (
              <li key={`${friend}${acceptedAt}`}>
                {friend} <span class="badge">{say(status)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** Invitations: what both get, my code, and a code that somebody gave me. */
export function InviteCard({ activity, campaign }: CardOf<'invite'>) {
  const { inviter, invitee } = activity
  const act = useAct(`invite ${campaign}`, (key) => client.value.invite(campaign, { key }))
  const { onToggle, news } = useUnfolding()
  const read = user.value === '' ? undefined : () => client.value.myInvites(campaign)
  const { answer } = useFound(read, [campaign, user.value, news])
  const invites = user.value === '' ? undefined : answer
  return (
    <Card activity={activity}>
      {(isOpen) => (
        <>
          {inviter && <p>{say('inviter', { what: rewardOf(inviter.reward, here.value) })}</p>}
          {invitee && <p>{say('invitee', { what: rewardOf(invitee.reward, here.value) })}</p>}
          {invites && <Mine campaign={campaign} invites={invites} onToggle={onToggle} />}
          {(invites?.code ?? null) === null && (
            <div class="actions">
              <ActButton act={act} disabled={!isOpen} onClick={() => act.go(undefined)}>
                {say('makeCode')}
              </ActButton>
            </div>
          )}
          {(invites?.code ?? null) === null && (
            <Ended act={act} wish={undefined}>
              {({ invite }) => <b>{`${say('myCode')}: ${invite.code}`}</b>}
            </Ended>
          )}
          <details>
            <summary>{say('haveCode')}</summary>
            <Accept campaign={campaign} />
          </details>
        </>
      )}
    </Card>
  )
}
