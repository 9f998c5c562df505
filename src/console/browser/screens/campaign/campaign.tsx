import { useState } from 'preact/hooks'
import { useAsked } from '../../asked.ts'
import { noticeFields, withNotice, withNoticeOrNone } from '../../notice.ts'
import { AskReason, type Change } from '../../parts/ask-reason.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { Badge, Known } from '../../parts/ui.tsx'
import { may } from '../../role.ts'
import type { CampaignItem, Page, Reconciliation } from '../../shapes.ts'
import { localised, moment, stretch } from '../../words.ts'
import { Live } from './live.tsx'

/** "Redis = journal = Postgres", and when that was seen. */
function Compared({ comparisons }: { comparisons: readonly Reconciliation[] }) {
  const last = comparisons.find(({ state }) => state === 'done')
  if (last === undefined) return <>not compared yet</>
  const differing = last.result?.differences?.length ?? 0
  const ago = stretch(Date.now() - Date.parse(last.finishedAt ?? ''))
  return <>{differing === 0 ? `Redis = journal = Postgres, ${ago} ago` : `${differing} differences, ${ago} ago`}</>
}

interface Doing extends Pick<Change, 'title' | 'effect' | 'fields' | 'made'> {
  readonly step: string
}

/** A notice is for campaigns that are not over. */
const SHOWN = ['published', 'running', 'paused']

/** What an operator can do with a campaign in a state. */
function doingsOf({ state, notice }: CampaignItem): Doing[] {
  const tell: Doing = {
    title: 'Tell visitors',
    step: 'notice',
    effect:
      'Shown on the page of the campaign within a second, until it is resumed. Leave both empty to tell nothing more.',
    fields: noticeFields(notice),
    made: withNoticeOrNone
  }
  if (state === 'running' || state === 'published') {
    return [
      {
        title: 'Pause',
        step: 'pause',
        effect: 'Nobody can buy, spin or claim until it is resumed. Every gateway follows within a second.',
        fields: noticeFields(notice),
        made: withNotice
      },
      tell,
      {
        title: 'End for good',
        step: 'end',
        effect: 'It never opens again. What was taken stays taken; unpaid orders still expire.'
      }
    ]
  }
  if (state === 'paused')
    return [
      {
        title: 'Resume',
        step: 'resumption',
        effect: `It goes on at once with the units that are left.${notice ? ' Visitors are told nothing more.' : ''}`
      },
      tell
    ]
  if (state === 'ended')
    return [
      {
        title: 'Settle',
        step: 'settlement',
        effect: 'Boards are rewarded and seeds shown once nothing is left to do. It cannot be taken back.'
      }
    ]
  return []
}

/** What whoever is signed in may do of it: settling is for admins. */
const doingsFor = (campaign: CampaignItem): Doing[] =>
  doingsOf(campaign).filter(({ step }) => may(step === 'settlement' ? 'admin' : 'operator'))

/** A campaign while it runs. */
export function Campaign({ id }: { id: string }) {
  const path = `/campaigns/${encodeURIComponent(id)}`
  const item = useAsked<CampaignItem>(path, 3000)
  const comparisons = useAsked<Page<Reconciliation>>(`${path}/reconciliation`, 10_000)
  const [doing, setDoing] = useState<Doing>()
  return (
    <main>
      <Known asked={item.value}>
        {(campaign) => (
          <>
            <div class="row">
              <h1>
                {localised(campaign.title, id)} <Badge>{campaign.state}</Badge>
              </h1>
              <div class="row">
                {doingsFor(campaign).map((one) => (
                  <button type="button" class="quiet" key={one.step} onClick={() => setDoing(one)}>
                    {one.title}
                  </button>
                ))}
              </div>
            </div>
            <Tabs id={id} />
            {campaign.notice && SHOWN.includes(campaign.state) && (
              <p class="soldout">Visitors are told: {Object.values(campaign.notice).join(' · ')}</p>
            )}
            <p class="soft">
              {id} · {moment(campaign.opensAt)} – {moment(campaign.closesAt)} ·{' '}
              {comparisons.value.answer && <Compared comparisons={comparisons.value.answer.items} />}
            </p>
            {campaign.publishedVersion === null ? (
              <p class="empty">
                Not published yet. Its version {campaign.version} is {campaign.review}.
              </p>
            ) : (
              <Live id={id} />
            )}
          </>
        )}
      </Known>
      {doing && <AskReason change={{ ...doing, path: `${path}/${doing.step}` }} onClose={() => setDoing(undefined)} />}
    </main>
  )
}
