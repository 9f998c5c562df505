import { useState } from 'preact/hooks'
import { ask } from '../../api.ts'
import { useAsked } from '../../asked.ts'
import type { Change } from '../../parts/ask-reason.tsx'
import { Doings } from '../../parts/doings.tsx'
import { Facts } from '../../parts/list.tsx'
import { Badge, Fault, Known } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import type { Win } from '../../shapes.ts'
import { moment, second } from '../../words.ts'
import { HandedOver } from './wins.tsx'

const PARCEL = [
  { name: 'carrier', label: 'Carrier', optional: true },
  { name: 'trackingNumber', label: 'Tracking number', optional: true }
]

/** What can be noted of a claimed win, and taken back. */
function changesOf({ id, status }: Win): Change[] {
  const path = `/wins/${encodeURIComponent(id)}`
  const noted = (title: string, state: string, effect: string): Change => ({
    title,
    effect,
    path: `${path}/fulfilment`,
    body: { state }
  })
  const revoke: Change = {
    title: 'Revoke',
    effect: 'The win and what it gave are taken back. It cannot be undone.',
    path: `${path}/revocation`
  }
  if (status === 'revoked') return []
  if (status !== 'claimed') return [revoke]
  return [
    { ...noted('Shipped', 'shipped', 'The winner sees it, with the tracking number.'), fields: PARCEL },
    noted('Ready for pick-up', 'ready-for-pickup', 'The winner gets a code that whoever hands it over asks for.'),
    noted('Delivered', 'delivered', 'It is done: the win counts as issued.'),
    noted('Failed', 'failed', 'It came back or got lost: it waits to be issued again.'),
    noted('Issued again', 'reissued', 'Another one goes out; a code for picking it up is a new one.'),
    revoke
  ]
}

/** Shows an address only to who asks for it, because each reading is audited. */
function Address({ id }: { id: string }) {
  const [shown, setShown] = useState<Readonly<Record<string, unknown>>>()
  const [fault, setFault] = useState<Error>()
  const read = async () => {
    setFault(undefined)
    try {
      setShown(await ask(`/wins/${encodeURIComponent(id)}/address`))
    } catch (error) {
      setFault(error as Error)
    }
  }
  if (!may('operator')) return null
  return (
    <section>
      <h2>Where it goes</h2>
      {shown === undefined ? (
        <>
          <button type="button" class="quiet" onClick={read}>
            Show the address
          </button>
          <p class="soft">That you read it is noted in the audit trail.</p>
        </>
      ) : (
        <pre class="diff">{addressLines(shown)}</pre>
      )}
      {fault && <Fault fault={fault} />}
    </section>
  )
}

/** What the winner wrote, one member a line. */
function addressLines(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .filter(([name]) => name !== 'win' && name !== 'user')
    .flatMap(([name, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(([part, text]) => `${part}: ${text}`)
        : [`${name}: ${value}`]
    )
    .join('\n')
}

function Details({ win }: { win: Win }) {
  const { carrier, trackingNumber, reason, at, attempt } = win.fulfilment ?? {}
  return (
    <>
      <h1>
        {win.prize.title} <Badge>{win.status}</Badge>
      </h1>
      <Doings changes={changesOf(win)} />
      <Facts
        facts={[
          ['Winner', <a href={`#/people?q=${encodeURIComponent(win.user)}`}>{win.user}</a>],
          ['Win', win.id],
          ['Draw', `${win.campaign} / ${win.draw}, tier ${win.prize.tier}, ${win.prize.type}`],
          ['Won', second(win.wonAt)],
          ['Claim by', moment(win.claimBy)],
          ['Handing over', <HandedOver win={win} />],
          ['Noted', moment(at)],
          ['Parcel', [carrier, trackingNumber].filter(Boolean).join(' ') || '–'],
          ['Attempt', attempt === undefined ? '–' : String(attempt)],
          ['Why', reason ?? '–']
        ]}
      />
      {win.status === 'claimed' && <Address id={win.id} />}
    </>
  )
}

/** A win, how far it is handed over, and where it goes. */
export function OneWin({ id }: { id: string }) {
  const win = useAsked<Win>(`/wins/${encodeURIComponent(id)}`, 3000)
  return (
    <main>
      <Known asked={win.value}>{(known) => <Details win={known} />}</Known>
    </main>
  )
}
