// Campaigns as everybody may read them.
import type { Activity, ActivityTerms, Numbers, Opening } from './activities.ts'

/** A page of a list, newest first; `nextCursor` goes into the next question, null at the end. */
export interface List<Item> {
  items: Item[]
  nextCursor: string | null
}

interface Levels {
  levels?: Array<{ id: number; when?: Numbers; privileges?: { [name: string]: unknown } }>
  levelScope?: 'campaign' | 'account'
}

type CampaignStatus = 'published' | 'running' | 'paused' | 'ended' | 'settled'

export interface Campaign extends Levels {
  id: string
  title: string
  description?: string
  status: CampaignStatus
  /** what the operators tell visitors, such as when it goes on; plain text */
  notice?: string
  version: number
  timezone: string
  opensAt: string
  closesAt: string
  unitsPerUser: number | null
  participants: number | null
  activities: Activity[]
}

export interface Rules extends Levels {
  campaign: string
  title: string
  version: number
  /** rises with every change while it runs */
  revision: number
  timezone: string
  opensAt: string
  closesAt: string
  calendar?: { holidays: string[]; workdays: string[] }
  limits: { unitsPerUser: number | null }
  policies: { [name: string]: string | boolean | number }
  activities: ActivityTerms[]
  /** by draw and prize, for level 0 */
  odds: { [draw: string]: Numbers }
}

/** What a `change` of the live stream says of an activity. */
export interface LiveActivity extends Opening {
  id: string
  kind: Activity['kind']
  price?: number
  cost?: Numbers
  remaining?: number | null
  /** the one that `remaining` is of */
  session?: string | null
  prizes?: Array<{ id: string; remaining: number | null }>
  reserved?: number | null
}

export interface LiveChange {
  status: CampaignStatus
  /** in the languages that it has */
  notice?: { en?: string; 'zh-CN'?: string }
  version: number
  participants: number | null
  activities: LiveActivity[]
}
