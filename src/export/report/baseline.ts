import type { Pool } from 'pg'
import { type Static, Type } from 'typebox'
import { type Actor, invalid, lockExisting } from '../../campaign/carrying/context.ts'
import { checkBody } from '../../campaign/change/patch.ts'
import { pointerStep } from '../../campaign/parts/explain.ts'
import { findBaseline, saveBaseline } from '../../store/campaigns/reports.ts'
import { inTransaction } from '../../store/connection/transaction.ts'
import { recordAudit } from '../../store/operators/audit.ts'
import { isFigure } from './catalogue.ts'

const closed = { additionalProperties: false }
const Values = (description: string) => Type.Record(Type.String(), Type.Number({ minimum: 0 }), { description })

/** Body of PUT .../baseline. */
export const BaselineBody = Type.Object(
  {
    users: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1e12, description: 'how many users there were before the campaign' })
    ),
    targets: Type.Optional(Values('what figures are meant to be, by their id')),
    before: Type.Optional(Values('what figures were in a time before the campaign, by their id'))
  },
  closed
)

export type Baseline = Static<typeof BaselineBody>

/** What a campaign is compared with; empty where nobody gave anything. */
export async function readBaseline(pool: Pool, id: string): Promise<Baseline> {
  return ((await findBaseline(pool, id)) ?? {}) as Baseline
}

/**
 * Puts a baseline in the place of the one before; reports that were stored keep theirs.
 * @param input of any shape
 * @throws CampaignError NOT_FOUND for no such campaign; VALIDATION with all errors, figures that no report has included
 */
export async function putBaseline(pool: Pool, target: { id: string; input: unknown }, actor: Actor): Promise<Baseline> {
  const checked = checkBody(BaselineBody, target.input)
  if (!checked.ok) throw invalid(checked.errors)
  const { body } = checked
  const unknown = (['targets', 'before'] as const).flatMap((part) =>
    Object.keys(body[part] ?? {})
      .filter((id) => !isFigure(id))
      .map((id) => ({ pointer: `/${part}/${pointerStep(id)}`, detail: 'is no figure of a report' }))
  )
  if (unknown.length > 0) throw invalid(unknown)
  await inTransaction(pool, async (client) => {
    await lockExisting(client, target.id)
    const before = await findBaseline(client, target.id)
    await saveBaseline(client, { campaign: target.id, body, operator: actor.operator })
    const entry = { operator: actor.operator, action: 'baseline.saved', target: `campaign:${target.id}` }
    await recordAudit(client, { ...entry, reason: actor.reason, before, after: body })
  })
  return body
}
