import type { Campaign, Claim, Win } from 'floodgate/client'
import { Ended } from '../parts/ended.tsx'
import { Empty, Fault, Waiting } from '../parts/ui.tsx'
import { costOf, moment, rewardOf, titleOf } from '../shop/format.ts'
import { useAct } from '../shop/intentions.ts'
import { news, useFound } from '../shop/read.ts'
import { client } from '../shop/session.ts'
import { useCampaigns } from '../shop/titles.ts'
import { say } from '../shop/words.ts'

const TONES: Readonly<Record<Win['status'], string>> = { won: 'watch', given: 'good', claimed: 'good', revoked: 'bad' }

type Asked = Parameters<ReturnType<typeof client.peek>['claimWin']>[1]

/** The fields of each thing that a claim may ask for, as the claim wants them. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  address: ['addressName', 'phone', 'city', 'street'],
  account: ['account']
}

const LABELS = {
  addressName: 'addressName',
  phone: 'phone',
  city: 'city',
  street: 'street',
  account: 'account'
} as const
const HINTS: Readonly<Record<string, string>> = {
  addressName: 'name',
  phone: 'tel',
  city: 'address-level2',
  street: 'street-address'
}
const isField = (name: string): name is keyof typeof LABELS => Object.hasOwn(LABELS, name)

function wishOf(form: FormData, asked: readonly string[]): NonNullable<Asked> {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  return {
    ...(asked.includes('address') && {
      address: { name: text('addressName'), phone: text('phone'), city: text('city'), line1: text('street') }
    }),
    ...(asked.includes('account') && { account: text('account') })
  }
}

/** Claims a win: asks for what this prize needs, and for nothing else. */
function ClaimForm({ win }: { win: Win }) {
  const act = useAct(`claim-win ${win.id}`, (key, wish: NonNullable<Asked>) =>
    client.value.claimWin(win.id, { ...wish, key })
  )
  const fields = win.claimRequires.flatMap((name) => FIELDS[name] ?? []).filter(isField)
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    void act.go(wishOf(new FormData(event.currentTarget as HTMLFormElement), win.claimRequires))
  }
  return (
    <>
      {win.status === 'won' && (
        <form onSubmit={send}>
          {fields.map((name) => (
            <label key={name}>
              {say(LABELS[name])}
              <input name={name} required maxLength={100} autocomplete={HINTS[name] ?? 'off'} />
            </label>
          ))}
          <button type="submit" disabled={act.busy}>
            {say('claim')}
          </button>
        </form>
      )}
      <Ended act={act} wish={{}}>
        {() => <b>{say('claimed')}</b>}
      </Ended>
    </>
  )
}

function WinCard({ win, of }: { win: Win; of: Campaign | undefined }) {
  const { prize, status, claimBy, wonAt, given, instructions, code, pickupCode } = win
  return (
    <li class="card">
      <p class="kind">
        <span class={`badge ${TONES[status]}`}>{say(`win.${status}`)}</span>
        <span class="soft">{moment(wonAt)}</span>
      </p>
      <h2>{[prize.title, prize.sub?.title].filter(Boolean).join(' · ')}</h2>
      <p class="soft">{titleOf(of, win.draw)}</p>
      {Object.keys(given).length > 0 && <p>{rewardOf(given, of)}</p>}
      {status === 'won' && claimBy !== null && <p class="needs">{say('claimBy', { time: moment(claimBy) })}</p>}
      {code !== undefined && <p class="figure">{say('yourCode', { code })}</p>}
      {pickupCode !== undefined && <p class="figure">{say('pickup', { code: pickupCode })}</p>}
      {instructions !== undefined && <p class="soft">{instructions}</p>}
      <ClaimForm win={win} />
    </li>
  )
}

function Redeemed({ claim, title }: { claim: Claim; title: string }) {
  const codes = [...(claim.code === undefined ? [] : [claim.code]), ...(claim.codes ?? [])]
  return (
    <li class="card">
      <p class="kind">
        <span class="badge good">{say('redeemedTitle')}</span>
        <span class="soft">{moment(claim.acceptedAt)}</span>
      </p>
      <h2>{title}</h2>
      <p class="soft">{costOf(claim.cost)}</p>
      {codes.map((code) => (
        <p key={code} class="figure">
          {say('yourCode', { code })}
        </p>
      ))}
      {claim.instructions !== undefined && <p class="soft">{claim.instructions}</p>}
    </li>
  )
}

export function Wins() {
  const wins = useFound(() => client.value.wins(), [news.value])
  const claims = useFound(() => client.value.claims(), [news.value])
  const campaignOf = useCampaigns()
  const isEmpty = wins.answer?.items.length === 0 && claims.answer?.items.length === 0
  return (
    <>
      {wins.fault !== undefined && <Fault fault={wins.fault} again={wins.again} />}
      {wins.answer === undefined && wins.fault === undefined && <Waiting count={2} />}
      {isEmpty && <Empty title={say('noWins')}>{say('noWinsNote')}</Empty>}
      <ul class="cards">
        {wins.answer?.items.map((win) => (
          <WinCard key={win.id} win={win} of={campaignOf(win.campaign)} />
        ))}
        {claims.answer?.items.map((claim) => (
          <Redeemed key={claim.id} claim={claim} title={titleOf(campaignOf(claim.campaign), claim.item)} />
        ))}
      </ul>
    </>
  )
}
