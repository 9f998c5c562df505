import type { Campaign } from 'floodgate/client'
import { Page } from '../parts/page.tsx'
import { Countdown, Empty, Fault, Waiting } from '../parts/ui.tsx'
import { count } from '../shop/format.ts'
import { useFound } from '../shop/read.ts'
import { linkTo } from '../shop/route.ts'
import { client } from '../shop/session.ts'
import { now } from '../shop/time.ts'
import { say } from '../shop/words.ts'

/** until it opens, or closes */
function Until({ campaign: { status, opensAt, closesAt } }: { campaign: Campaign }) {
  if (status === 'ended' || status === 'settled') return <span class="badge">{say(status)}</span>
  if (status === 'paused') return <span class="badge watch">{say('paused')}</span>
  const isAhead = Date.parse(opensAt) > now.value
  return (
    <span class={`badge ${isAhead ? 'watch' : 'good'}`}>
      {say(isAhead ? 'opensIn' : 'closesIn')} <Countdown to={isAhead ? opensAt : closesAt} />
    </span>
  )
}

/** A campaign in the list: what it is, until when, and what there is to do in it. */
function Tile({ campaign }: { campaign: Campaign }) {
  const { id, title, description, participants, activities } = campaign
  const kinds = [...new Set(activities.map(({ kind }) => say(kind)))]
  return (
    <li>
      <a class="card tile" href={linkTo('c', id)}>
        <Until campaign={campaign} />
        <b>{title}</b>
        <span class="soft">{description}</span>
        <span class="chips">
          {kinds.map((kind) => (
            <span key={kind}>{kind}</span>
          ))}
        </span>
        {participants ? <small class="figure">{say('participants', { count: count(participants) })}</small> : null}
      </a>
    </li>
  )
}

/** What is on: open ones first, then those that open next. */
const ORDER: readonly string[] = ['running', 'paused', 'published', 'ended', 'settled']

export function Campaigns() {
  const { answer, fault, again } = useFound(() => client.value.campaigns(), [])
  const items = answer?.items.toSorted(
    (one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status) || one.opensAt.localeCompare(other.opensAt)
  )
  return (
    <Page title={say('campaigns')}>
      {fault !== undefined && <Fault fault={fault} again={again} />}
      {items === undefined && fault === undefined && <Waiting />}
      {items?.length === 0 && <Empty title={say('noCampaigns')}>{say('noCampaignsNote')}</Empty>}
      {items !== undefined && items.length > 0 && (
        <ul class="cards">
          {items.map((campaign) => (
            <Tile key={campaign.id} campaign={campaign} />
          ))}
        </ul>
      )}
    </Page>
  )
}
