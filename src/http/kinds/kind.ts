import type { FastifyError, FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { ActivityRules } from '../../campaign/kinds/index.ts'
import type { Command } from '../../gate/batch/commands.ts'
import type { Decision, Outcome } from '../../gate/batch/outcomes.ts'
import type { UserReader } from '../../gate/gate.ts'
import type { Decidable, DecisionType } from '../../record/decisions.ts'
import type { Queryable } from '../../store/connection/transaction.ts'
import type { ConfirmedBody } from '../views/schemas.ts'
import type { Wish } from './parts/command.ts'
import type { DecisionContext } from './parts/decision.ts'
import type { LiveContext, ViewContext } from './parts/page.ts'
import type { Day } from './parts/standing.ts'

// Functions of a kind are declared as methods: then TypeScript accepts a function that takes activities of one kind only where
// a function of any activity is expected. This is safe because callers find the row by the kind of the activity.

/** What commands need where the request alone does not say enough. */
export interface Services {
  readonly pool: Queryable
  readonly gate: UserReader
}

/** How users take part: the route, and the command that a request becomes. */
export interface Participation<Rules extends ActivityRules, Body extends TSchema = TSchema> {
  /** has the parameters `campaign` and `param`, and others that the command reads from `params` */
  readonly url: string
  /** name of the parameter that names the activity; absent for kinds of which a campaign has one activity at most */
  readonly param?: string
  /** the group of the route in the OpenAPI document */
  readonly tag: string
  readonly operationId: string
  readonly summary: string
  readonly body: Body
  /** an example body for the OpenAPI document */
  readonly example: object
  /** Refuses a request that did not become a command, for kinds with more specific refusals than the usual ones. @throws always */
  onError?(error: FastifyError, request: FastifyRequest): never
  /**
   * A promise only where it has to ask for something first, because the hot path must not pay for one.
   * @throws UnavailableError while the gateway does not know yet what the command needs; ProblemError for what is refused before the gate
   */
  command(wish: Wish<Rules, Static<Body>>, services: Services): Command | Promise<Command>
  /**
   * The decision of this user that a request asks for again, where the gate says that it is done and this is no refusal: it is answered
   * with 200. @throws UnavailableError while it is not known
   */
  earlier?(wish: Wish<Rules, Static<Body>>, services: Services): Promise<Decision | undefined>
  /** Hears what became of a command, for kinds that kept something for it outside of the gate. Nothing waits for it. */
  ended?(command: Command, outcome: Outcome, services: Services): void
}

/** How a decision is shown to its user. */
export interface Decided {
  /** the type of its decisions in record/decisions.ts, or the first word of all their types */
  readonly decides: Decidable | DecisionType
  /** the member of the body of a 201 that shows it */
  readonly member: string
  readonly schema: TSchema
  /** the body of a 201, and its name below /schemas/ */
  readonly confirmed: { readonly file: string; readonly schema: TSchema }
  /** further schemas published below /schemas/, by file name */
  readonly documents: Readonly<Record<string, TSchema>>
  /** The body of a 201. Each kind writes out the whole object, because merging two objects costs a microsecond. */
  body(decision: Decision, context: DecisionContext): ConfirmedBody
  /** The codes that a decision entitles its user to; undefined for none. */
  codes?(decision: Decision): { readonly pool: string; readonly quantity: number } | undefined
}

/** How an activity is shown to everybody. */
export interface Page<Rules extends ActivityRules> {
  view(activity: Rules, context: ViewContext): object
  /** The part of the page that changes while people watch; it has no texts, so it is the same for every language. */
  liveView(activity: Rules, context: LiveContext): object
  /** The activity as the rules promise it, without current figures. */
  rulesView(activity: Rules, context: ViewContext): object
  /** The odds of its prizes for level 0, by prize; absent for kinds without odds. */
  odds?(activity: Rules): Record<string, number>
  /** What shows that it is fair, as far as that is public at this moment; absent for kinds that need none. */
  proof?(activity: Rules, context: ViewContext): object
  /** whether it shows counters beside stock, which then are read with the figures: fields of `s:<campaign>:<activity>` */
  readonly hasCounts?: true
  /** whether its page needs the closing time in Redis, which then is read with the figures */
  readonly waitsForClosing?: boolean
  readonly schemas: {
    readonly view: TSchema
    readonly rules: TSchema
    /** members of the live view that no other kind has */
    readonly live: Readonly<Record<string, TSchema>>
  }
}

/** How the standing of a user in an activity is shown. */
export interface Standings<Rules extends ActivityRules> {
  /** The most that a user may take in the whole campaign; 0 for no limit. */
  most(activity: Rules): number
  /** Members that no other kind has. */
  view?(day: Day, activity: Rules): object
  readonly schema: Readonly<Record<string, TSchema>>
  /** The user's chances; undefined if the activity has none. */
  chances?(day: Day, activity: Rules): object | undefined
  /** Days in a row; undefined if the activity has no streak. */
  streak?(day: Day, activity: Rules): object | undefined
}

/** Something that users do in an activity. */
interface Action<Rules extends ActivityRules = ActivityRules> {
  readonly participation: Participation<Rules>
  readonly decided: Decided
}

/** All that the HTTP layer knows of a kind of activity. */
export interface HttpKind<Rules extends ActivityRules = ActivityRules> {
  /** none for a kind in which nobody takes part by a request */
  readonly actions: ReadonlyArray<Action<Rules>>
  readonly page: Page<Rules>
  readonly standing: Standings<Rules>
}
