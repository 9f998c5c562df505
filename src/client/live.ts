import type { Activity } from './activities.ts'
import type { Campaign, LiveActivity, LiveChange } from './campaigns.ts'
import type { Sender } from './sender.ts'
import { type LiveOptions, readStream } from './stream.ts'

function changed(activity: Activity, { prizes, session, remaining, ...change }: LiveActivity): Activity {
  const next = { ...activity, ...change } as Activity
  if (remaining !== undefined && 'remaining' in next) {
    next.remaining = remaining
    next.sessions = next.sessions.map((one) => (one.id === session ? { ...one, remaining } : one))
  }
  if ('prizes' in next && prizes !== undefined) {
    const left = new Map(prizes.map((prize) => [prize.id, prize.remaining]))
    next.prizes = next.prizes.map((prize) => ({ ...prize, remaining: left.get(prize.id) ?? prize.remaining }))
  }
  return next
}

/** The notice of a change in the language of the titles. A browser asks for titles in its own language where the client names none. */
function noticeIn(
  notice: LiveChange['notice'],
  language = (globalThis as { navigator?: { language?: string } }).navigator?.language
) {
  const isChinese = language?.toLowerCase().startsWith('zh') ?? false
  const [first, second] = isChinese ? [notice?.['zh-CN'], notice?.en] : [notice?.en, notice?.['zh-CN']]
  return first ?? second
}

/** A campaign after a change; undefined where the change tells of activities that it lacks, or of another version. */
export function applyChange(campaign: Campaign, change: LiveChange, language?: string): Campaign | undefined {
  const known = new Map(campaign.activities.map((activity) => [activity.id, activity]))
  if (change.version !== campaign.version) return undefined
  const activities = change.activities.flatMap((activity) => {
    const old = known.get(activity.id)
    return old === undefined ? [] : [changed(old, activity)]
  })
  if (activities.length < change.activities.length) return undefined
  const { status, version, participants } = change
  const { notice: _before, ...rest } = campaign
  const notice = noticeIn(change.notice, language)
  return { ...rest, status, version, participants, activities, ...(notice !== undefined && { notice }) }
}

/** Watches a campaign: calls with all of it at each change. @returns what stops it */
export function watchCampaign(
  sender: Sender,
  path: string,
  { onChange, ...options }: LiveOptions & { onChange: (campaign: Campaign) => void }
): () => void {
  let campaign: Campaign | undefined
  const take = async ({ event, data }: { event: string; data: string }, signal: AbortSignal): Promise<boolean> => {
    if (event === 'snapshot') campaign = JSON.parse(data) as Campaign
    else if (event === 'change' && campaign !== undefined) {
      const next = applyChange(campaign, JSON.parse(data) as LiveChange, sender.settings.language)
      // another version, or something that was hidden until now: the change says too little of it
      campaign = next ?? (await sender.read<Campaign>(path, { signal }))
    } else return false
    if (!signal.aborted) onChange(campaign)
    return event === 'snapshot'
  }
  return readStream(sender.settings, { path: `${path}/live`, take }, options)
}
