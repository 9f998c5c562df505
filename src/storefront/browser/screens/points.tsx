import type { LedgerEntry } from 'floodgate/client'
import { useEffect, useState } from 'preact/hooks'
import { Empty, Fault, Waiting } from '../parts/ui.tsx'
import { amountOf, expiryOf, moment, titleOf } from '../shop/format.ts'
import { useFound } from '../shop/read.ts'
import { client } from '../shop/session.ts'
import { useCampaigns } from '../shop/titles.ts'
import { say } from '../shop/words.ts'

/** What I have now, campaign by campaign: units of its own, those of the account, chances. */
async function readBalances(): Promise<Array<{ id: string; title: string; has: string; expires: readonly string[] }>> {
  const { items } = await client.value.campaigns()
  const running = items.filter(({ status }) => status === 'running' || status === 'paused')
  return await Promise.all(
    running.map(async (campaign) => {
      const { balances, chances, expiring = [] } = await client.value.me(campaign.id)
      const units = Object.entries(balances).map(([unit, value]) => amountOf(unit, value))
      const spins = Object.entries(chances).map(([draw, { total }]) => amountOf(`chances:${draw}`, total, campaign))
      return {
        id: campaign.id,
        title: campaign.title,
        has: [...units, ...spins].join(' · '),
        expires: expiring.map(expiryOf)
      }
    })
  )
}

function Balances() {
  const { answer } = useFound(readBalances, [])
  return (
    <section class="card">
      <h2>{say('balances')}</h2>
      <ul class="plain">
        {answer?.map(({ id, title, has }) => (
          <li key={id} class="row">
            <span>{title}</span>
            <b class="figure">{has}</b>
          </li>
        ))}
      </ul>
      {[...new Set(answer?.flatMap(({ expires }) => expires))].map((text) => (
        <p key={text} class="soft">
          {text}
        </p>
      ))}
    </section>
  )
}

/** What came and what went: each entry with what it was for. */
export function Points() {
  const [cursor, setCursor] = useState<string>()
  const [entries, setEntries] = useState<readonly LedgerEntry[]>([])
  const { answer, fault, again } = useFound(
    () => client.value.ledger({ limit: 20, ...(cursor && { cursor }) }),
    [cursor]
  )
  const campaignOf = useCampaigns()
  useEffect(() => {
    if (answer !== undefined) setEntries((before) => [...before, ...answer.items])
  }, [answer])
  const next = answer?.nextCursor ?? undefined
  if (fault !== undefined) return <Fault fault={fault} again={again} />
  if (answer === undefined) return <Waiting count={2} />
  if (answer.items.length === 0 && entries.length === 0)
    return <Empty title={say('noPoints')}>{say('noPointsNote')}</Empty>
  return (
    <div class="cards">
      <Balances />
      <section class="card">
        <h2>{say('ledger')}</h2>
        <ul class="plain ledger">
          {entries.map((entry) => (
            <li key={`${entry.eventId}${entry.unit}${entry.delta}`} class="row">
              <span>
                {entry.campaign !== null && entry.activity !== null
                  ? titleOf(campaignOf(entry.campaign), entry.activity)
                  : entry.type}
                <small>{moment(entry.at)}</small>
              </span>
              <b class={`figure ${entry.delta < 0 ? 'spent' : 'earned'}`}>
                {entry.delta < 0 ? '−' : '+'}
                {amountOf(entry.unit, Math.abs(entry.delta), campaignOf(entry.campaign ?? ''))}
              </b>
            </li>
          ))}
        </ul>
        {next !== undefined && next !== cursor && (
          <button type="button" class="quiet" onClick={() => setCursor(next)}>
            {say('more')}
          </button>
        )}
      </section>
    </div>
  )
}
