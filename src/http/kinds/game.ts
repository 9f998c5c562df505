import { type Static, Type } from 'typebox'
import { dateOfDay } from '../../base/day.ts'
import { isoTime } from '../../base/iso-time.ts'
import type { Game } from '../../campaign/kinds/game/rules.ts'
import type { Reward as RewardRules } from '../../campaign/parts/model.ts'
import type { Decision } from '../../gate/batch/outcomes.ts'
import { userField } from '../../record/fields.ts'
import { decodeGame } from '../../record/reports/game.ts'
import { balancesView, creditedView } from '../views/report.ts'
import { Balances, CappedBy, Credited, confirmedHead } from '../views/schemas.ts'
import { Time } from '../wire/schemas.ts'
import type { HttpKind, Page, Standings } from './kind.ts'
import { type DecisionContext, headOf } from './parts/decision.ts'
import { commonView, liveHead, rulesViewOf, sessionsView, type ViewContext } from './parts/page.ts'
import { common, limit, nullable, optional, Reward, sessions, sessionsOfRules } from './parts/page-schemas.ts'
import { prizeGiven, prizeMembers, rewardTerms, rewardView } from './parts/reward.ts'
import { Allowance, allowance, numberIn } from './parts/standing.ts'

const Result = Type.Object(
  {
    id: Type.String(),
    campaign: Type.String(),
    game: Type.String(),
    outcome: Type.String(),
    day: Type.String({ description: 'the local day on which it was played' }),
    credited: Credited,
    cappedBy: CappedBy,
    ...prizeMembers,
    attemptsLeft: nullable('integer', 'attempts that the user has left on that day; null without a limit'),
    balances: Balances,
    completedAt: Time
  },
  { title: 'Result' }
)

/** The body of the answer to the report of a result. */
export const ConfirmedResult = Type.Object({ ...confirmedHead, result: Result }, { title: 'ConfirmedResult' })

/** What a service is answered about a result that it reported. */
export function resultBody(decision: Decision, context: DecisionContext) {
  const { outcome, day, attemptsLeft, cappedBy, moves } = decodeGame(decision.report)
  const result: Static<typeof Result> = {
    id: decision.id,
    campaign: context.campaign,
    game: context.activity,
    outcome,
    day: dateOfDay(day),
    credited: creditedView(moves),
    ...(cappedBy !== '' && { cappedBy }),
    ...prizeGiven(decision, context),
    attemptsLeft,
    balances: balancesView(moves),
    completedAt: isoTime(decision.at)
  }
  return { ...headOf(decision, context), result }
}

const terms = {
  ...common('game'),
  attemptsPerDay: limit('attempts of one user a day'),
  outcomes: Type.Record(Type.String(), Reward, { description: 'rewards by outcome; one that gives nothing is empty' }),
  onShared: optional(Reward)
}

function outcomesOf({ outcomes }: Game, view: (reward: RewardRules) => object): Record<string, object> {
  return Object.fromEntries(
    Object.entries(outcomes).map(([name, reward]) => [name, reward === null ? {} : view(reward)])
  )
}

function gameView(game: Game, context: ViewContext) {
  return {
    ...commonView(game, context),
    attemptsPerDay: game.attemptsPerDay || null,
    outcomes: outcomesOf(game, (reward) => rewardView(game, reward, context)),
    ...(game.onShared && { onShared: rewardView(game, game.onShared, context) }),
    sessions: sessionsView(game)
  }
}

const page: Page<Game> = {
  view: gameView,
  liveView: (game, context) => liveHead(game, context),
  rulesView: (game, context) =>
    rulesViewOf(gameView(game, context), {
      outcomes: outcomesOf(game, (reward) => rewardTerms(rewardView(game, reward, context))),
      ...(game.onShared && { onShared: rewardTerms(rewardView(game, game.onShared, context)) })
    }),
  schemas: {
    view: Type.Object({ ...terms, ...sessions }, { title: 'Game' }),
    rules: Type.Object({ ...terms, ...sessionsOfRules }, { title: 'GameTerms' }),
    live: {}
  }
}

const standing: Standings<Game> = {
  most: () => 0,
  view(day, game) {
    if (game.attemptsPerDay === 0) return {}
    const count = numberIn(day, userField.times(day.campaign.id, game.id, day.today))
    return { attemptsToday: allowance(count, game.attemptsPerDay) }
  },
  schema: { attemptsToday: optional(Allowance) }
}

/** Nobody takes part by a request: results come from the system in which the game is played. */
export const game: HttpKind<Game> = { actions: [], page, standing }
