import type { ActivityRules } from '../../campaign/kinds/index.ts'
import { prizesOf } from '../../campaign/kinds/prizes.ts'
import type { Decision } from '../../gate/batch/outcomes.ts'
import type { LiveWin } from '../../gate/gate.ts'
import type { WinRecord } from '../../record/win.ts'
import type { CodeAssignment } from '../../store/campaigns/codes.ts'
import { confirmedAny, decidedOf } from '../kinds/confirmed.ts'
import type { Language } from '../problems/language.ts'
import type { ConfirmedBody } from '../views/schemas.ts'
import type { FindPrize } from '../views/win.ts'
import type { CodeAssigner } from './codes.ts'
import type { CatalogueSource } from './find-activity.ts'

/** The decision to answer with, and what its view needs. */
interface Asked {
  readonly decision: Decision
  /** where it was made */
  readonly campaign: string
  readonly activity: string
  /** rules of the activity; looked up if absent */
  readonly rules?: ActivityRules | undefined
  /** the Idempotency-Key */
  readonly requestId: string
  readonly language: Language
}

/** Makes the bodies of answers about decisions. */
export interface AnswerBodies {
  /** The body of a 201. A promise only for decisions with codes, which come from Postgres. */
  bodyOf(asked: Asked): ConfirmedBody | Promise<ConfirmedBody>
  /** The codes of claimed wins, by win; a win that got no code when it was claimed gets it now. @throws UnavailableError */
  codesOfWins(wins: readonly LiveWin[]): Promise<ReadonlyMap<string, string>>
  readonly findPrize: FindPrize
}

type Activities = Pick<CatalogueSource, 'findActivity' | 'get'>

/** A function that finds prizes in the catalogue. */
function prizeFinder(catalogue: Activities): FindPrize {
  return (campaign, draw, prize) => {
    const found = catalogue.findActivity(campaign, draw)?.activity
    return found && prizesOf(found).find(({ id }) => id === prize)
  }
}

/** The codes that a decision entitles its user to; undefined for none. */
function assignmentOf({ decision, campaign }: Asked, findPrize: FindPrize): CodeAssignment | undefined {
  const { type, win } = decision
  if (type === 'win.claimed' && win !== undefined) return assignmentOfWin(win, findPrize)
  const codes = decidedOf(type)?.codes?.(decision)
  return codes && { claim: decision.id, campaign, ...codes }
}

function assignmentOfWin({ id, campaign, draw, prize }: WinRecord, findPrize: FindPrize): CodeAssignment | undefined {
  const pool = findPrize(campaign, draw, prize)?.pool ?? ''
  return pool === '' ? undefined : { claim: id, campaign, pool, quantity: 1 }
}

export function createAnswerBodies(catalogue: Activities, codes: CodeAssigner): AnswerBodies {
  const findPrize = prizeFinder(catalogue)
  // one function for all answers: most of them never ask it
  const campaignRules = (campaign: string) => catalogue.get(campaign)?.rules
  return {
    findPrize,
    async codesOfWins(wins) {
      const due = wins
        // a win that is not journaled can still vanish, so it has no code
        .filter(({ win, journaled }) => win.status === 'claimed' && journaled)
        .flatMap(({ win }) => assignmentOfWin(win, findPrize) ?? [])
      const found = await codes.known(due.map(({ claim }) => claim))
      const missing = due.filter(({ claim }) => !found.has(claim))
      const given = await Promise.all(missing.map((assignment) => codes.assign(assignment)))
      const all = [...found, ...missing.map(({ claim }, index) => [claim, given[index] ?? []] as const)]
      return new Map(all.flatMap(([claim, [code]]) => (code === undefined ? [] : [[claim, code]])))
    },
    bodyOf(asked) {
      const rules = asked.rules ?? catalogue.findActivity(asked.campaign, asked.activity)?.activity
      const { requestId, language, campaign, activity, decision } = asked
      const context = { requestId, language, campaign, activity, rules, findPrize, campaignRules }
      const assignment = assignmentOf(asked, findPrize)
      if (assignment === undefined) return confirmedAny(decision, context)
      return codes.assign(assignment).then((given) => confirmedAny(decision, { ...context, codes: given }))
    }
  }
}
