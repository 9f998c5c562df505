import { useState } from 'preact/hooks'
import { CloseButton, Dialog } from '../../parts/dialog.tsx'
import { useSend } from '../../parts/send.ts'
import { Fault } from '../../parts/ui.tsx'
import { count } from '../../words.ts'

interface Plan {
  readonly disqualified: boolean
  readonly wins: ReadonlyArray<{ readonly id: string; readonly prize: string; readonly status: string }>
  readonly rewards: ReadonlyArray<{ readonly activity: string; readonly action: string; readonly state: string }>
  readonly orders: ReadonlyArray<{ readonly id: string; readonly sale: string; readonly status: string }>
  readonly balances: ReadonlyArray<{ readonly unit: string; readonly amount: number; readonly shortfall: number }>
  readonly boards: ReadonlyArray<{ readonly board: string; readonly period: string; readonly score: number }>
}

interface Excluded {
  readonly outcome: string
  readonly job?: string
}

const CHOICES = [
  ['revokeWins', 'Revoke their wins'],
  ['returnQuota', 'Put revoked prizes back for others'],
  ['revokeRewards', 'Take back what they got for what others did'],
  ['cancelOrders', 'Cancel their open orders']
] as const

/** What would go, one line a thing. */
function goneOf({ wins, rewards, orders, balances, boards }: Plan): string[] {
  return [
    ...wins.map(({ id, prize, status }) => `win ${id}: ${prize}, ${status}`),
    ...orders.map(({ id, sale, status }) => `order ${id}: ${sale}, ${status}`),
    ...rewards.map(({ activity, action, state }) => `reward of ${activity}: ${action}, ${state}`),
    ...balances.map(({ unit, amount, shortfall }) => {
      const missing = shortfall > 0 ? `, of which ${count(shortfall)} are spent already` : ''
      return `${count(amount)} ${unit}${missing}`
    }),
    ...boards.map(({ board, period, score }) => `place on ${board} ${period} (${count(score)})`)
  ]
}

function WouldGo({ plan }: { plan: Plan }) {
  const gone = goneOf(plan)
  return (
    <div class="soldout" role="status">
      {plan.disqualified && <p>This user is excluded already.</p>}
      <p>{gone.length === 0 ? 'Nothing would be revoked.' : `${count(gone.length)} would go, for good:`}</p>
      <ul>
        {gone.slice(0, 20).map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {gone.length > 20 && <p>and {count(gone.length - 20)} more.</p>}
    </div>
  )
}

const doneWords = ({ outcome, job }: Excluded): string => {
  if (outcome === 'pending') return `Accepted: it is being carried out${job === undefined ? '' : ` (job ${job})`}.`
  return 'Excluded. Every further request of this user in this campaign is refused.'
}

/** Excludes a user from a campaign: first what would go, then the reason. */
export function Exclude({ user, campaign, onClose }: { user: string; campaign: string; onClose: () => void }) {
  const plan = useSend<Plan>()
  const carry = useSend<Excluded>()
  const [chosen, setChosen] = useState<Readonly<Record<string, boolean>>>({})
  const [reason, setReason] = useState('')
  const path = `/users/${encodeURIComponent(user)}/disqualification`
  const what = { campaign, ...Object.fromEntries(Object.entries(chosen).filter(([, yes]) => yes)) }
  const look = () => plan.send(`${path}?dryRun=true`, { body: { ...what, reason: 'dry run' } })
  const send = (event: Event) => {
    event.preventDefault()
    if (plan.answer === undefined) void look()
    else void carry.send(path, { body: { ...what, reason } })
  }
  return (
    <Dialog title={`Exclude ${user}`} onClose={onClose}>
      <form onSubmit={send}>
        <p>Nothing of {campaign} is open to them any more. They can be let in again; what is revoked stays revoked.</p>
        {CHOICES.map(([name, label]) => (
          <label class="check" key={name}>
            <input
              type="checkbox"
              checked={chosen[name] ?? false}
              onChange={(event) => {
                setChosen({ ...chosen, [name]: event.currentTarget.checked })
                plan.forget()
              }}
            />
            {label}
          </label>
        ))}
        {plan.fault && <Fault fault={plan.fault} />}
        {plan.answer && <WouldGo plan={plan.answer} />}
        {plan.answer && (
          <label>
            Why
            <input required maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
        )}
        {carry.fault && <Fault fault={carry.fault} />}
        {carry.answer && (
          <p class="calm" role="status">
            {doneWords(carry.answer)}
          </p>
        )}
        <div class="row end">
          <CloseButton>{carry.answer ? 'Close' : 'Leave it'}</CloseButton>
          {!carry.answer && (
            <button type="submit" disabled={plan.busy || carry.busy}>
              {plan.answer ? 'Exclude' : 'See what would go'}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  )
}
