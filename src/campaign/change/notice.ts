import { isDeepStrictEqual } from 'node:util'
import type { PoolClient } from 'pg'
import { Type } from 'typebox'
import { type CampaignRow, changeCampaign, type Notice } from '../../store/campaigns/campaigns.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { CampaignError } from '../carrying/campaign-error.ts'
import { statusOf } from '../carrying/catalogue.ts'
import { type Actor, published } from '../carrying/context.ts'
import { type Planned, planFlag } from './plan.ts'

// What visitors are told is a matter of display: it is written with the campaign and read with it by every gateway, and neither
// Redis nor the journal knows of it. So it can be said while the gate is away, which is when it is needed most.

const NOTICE_MAX = 200
const text = Type.String({ minLength: 1, maxLength: NOTICE_MAX, pattern: '\\S' })

const description = `must be {"en"?, "zh-CN"?} with at least one text of 1 to ${NOTICE_MAX} characters`

/** What visitors are told, by language. */
export const NoticeTexts = Type.Object(
  { en: Type.Optional(text), 'zh-CN': Type.Optional(text) },
  { additionalProperties: false, minProperties: 1, description }
)

/** The same, or nothing more. */
export const NoticeOrNone = Type.Union([NoticeTexts, Type.Null()], {
  description: `${description}, or null for no notice`
})

interface Asked<Told> {
  readonly actor: Actor
  readonly notice: Told
  /** ms since 1970 */
  readonly now: number
}

/** Writes what visitors are told from now on, audited; null: nothing. @throws CampaignError CONFLICT where nobody would see it */
export async function setNotice(
  client: PoolClient,
  row: CampaignRow,
  { actor, notice, now }: Asked<Notice | null>
): Promise<void> {
  const status = statusOf({ ...row, rules: published(row) }, now)
  if (status === 'ended' || status === 'settled') throw new CampaignError('CONFLICT', `${row.id} has ended.`)
  if (isDeepStrictEqual(row.notice, notice)) return
  await changeCampaign(client, row.id, { notice })
  await recordAudit(client, {
    operator: actor.operator,
    action: 'campaign.notice',
    target: `campaign:${row.id}`,
    reason: actor.reason,
    before: { notice: row.notice },
    after: { notice }
  })
}

function withNotice(planned: Planned, before: Notice | null, after: Notice | null): Planned {
  if (isDeepStrictEqual(before, after)) return planned
  return {
    ...planned,
    change: { ...planned.change, notice: after },
    before: { ...(planned.before as object), notice: before },
    after: { ...(planned.after as object), notice: after }
  }
}

interface Told extends Asked<Notice | null | undefined> {
  /** the change beside it; undefined where nothing else changes, so that the gate has no part in it */
  readonly planned: Planned | undefined
}

/** Adds to a change what visitors are told from now on; `undefined`: what they are told already. @throws CampaignError CONFLICT */
export async function planTold(
  client: PoolClient,
  row: CampaignRow,
  { notice, planned, ...asked }: Told
): Promise<Planned | undefined> {
  if (notice === undefined) return planned
  if (planned !== undefined) return withNotice(planned, row.notice, notice)
  await setNotice(client, row, { ...asked, notice })
  return undefined
}

/**
 * Plans a pause. What is paused because everything is, is from now on paused by itself, too: it does not go on with all others.
 * What is paused already gets the notice alone.
 */
export async function planPause(
  client: PoolClient,
  row: CampaignRow,
  asked: Asked<Notice | undefined>
): Promise<Planned | undefined> {
  const planned = planFlag(row, 'campaign.paused', asked.now)
  if (row.paused && row.pausedWithAll) {
    await changeCampaign(client, row.id, { pausedWithAll: false })
    await recordAudit(client, {
      operator: asked.actor.operator,
      action: 'campaign.paused',
      target: `campaign:${row.id}`,
      reason: asked.actor.reason,
      before: { pausedWithAll: true },
      after: { pausedWithAll: false }
    })
  }
  return planTold(client, row, { ...asked, planned })
}

/** Plans a resumption, which ends what visitors were told of the pause. */
export function planResumption(row: CampaignRow, now: number): Planned | undefined {
  const planned = planFlag(row, 'campaign.resumed', now)
  return planned && withNotice(planned, row.notice, null)
}
