import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { Type } from 'typebox'
import type { CatalogueActivity } from '../../campaign/carrying/catalogue.ts'
import type { Command } from '../../gate/batch/commands.ts'
import type { Decision, Outcome } from '../../gate/batch/outcomes.ts'
import type { Admission, Decider } from '../../gate/gate.ts'
import type { ActivityUse } from '../answering/activity-use.ts'
import type { AnswerBodies } from '../answering/bodies.ts'
import type { ActivityFinder } from '../answering/find-activity.ts'
import { refusalSink } from '../answering/refusal-signals.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import { type NamedAction, namedActions } from '../kinds/index.ts'
import type { Services } from '../kinds/kind.ts'
import type { Wish } from '../kinds/parts/command.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError, sendProblem } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { traced } from '../running/request-trace.ts'
import type { SignalCounts } from '../running/signals.ts'
import { lackOfTicket } from '../tickets/require-ticket.ts'
import type { Tickets } from '../tickets/tickets.ts'
import { refuseBusy, sendConfirmed, sendEarlier, sendOutcome } from '../views/outcome.ts'
import { answersOf } from '../views/schemas.ts'
import { keyOf, requireKey } from '../wire/idempotency.ts'

interface ParticipationOptions {
  readonly gate: Decider & Admission
  readonly services: Services
  readonly finder: ActivityFinder
  readonly bodies: AnswerBodies
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
  readonly use: ActivityUse
  readonly signals: SignalCounts
  readonly tickets: Tickets
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Params = Readonly<Record<string, string>>
type ParticipationRequest = FastifyRequest<{ Params: Params; Body: unknown }>

type Refused = Extract<Outcome, { kind: 'refused' }>

function wishOf(request: ParticipationRequest, found: CatalogueActivity): Wish {
  const { user, level, registeredAt } = identityOf(request)
  const { body, params } = request
  return { user, level, registeredAt, key: keyOf(request), body, params, found }
}

/** The decision to answer a request with, and what its view needs. */
function askedBy(request: FastifyRequest, decision: Decision, { campaign, activity }: CatalogueActivity) {
  return {
    decision,
    campaign: campaign.id,
    activity: activity.id,
    rules: activity,
    requestId: keyOf(request),
    language: pickLanguage(request.headers['accept-language'])
  }
}

/** Goes on with a value, at once where it is there: the hot path must not pay for a promise. */
function goOn<Value>(reply: FastifyReply, value: Value | Promise<Value>, next: (value: Value) => unknown): void {
  if (value instanceof Promise) value.then(next).catch((error) => reply.send(error))
  else next(value)
}

/**
 * Handles a buy, a spin, a claim and whatever else users do in an activity, from the request to its answer. The steps, in order:
 *
 * 1. `enter`: refuses if the gate has more to decide than it can in time; `authenticate` finds the user by the token (auth/storefront.ts)
 * 2. `requireKey`: reads the Idempotency-Key (wire/idempotency.ts)
 * 3. `find`: finds the activity in the catalogue (answering/find-activity.ts)
 * 4. `admit`: where the activity asks for a ticket, the request has one (tickets/require-ticket.ts)
 * 5. `submit`: the kind makes a command from the request (kinds/), and the gate decides it: a batch of commands is one call of
 *    lua/gate.lua, and a decision is confirmed once it is journaled (gate/)
 * 6. `answer`: 201 with the decision, 202 while it is not journaled, or a problem (answering/bodies.ts, views/outcome.ts)
 *
 * This is a hot path, so it has only what it needs. It counts its answers itself, because a hook after the answer costs a
 * tenth of a refusal. An activity that the catalogue knows costs two look-ups; only an unknown one costs a promise.
 */
function participationRoute(
  app: FastifyInstance,
  options: ParticipationOptions,
  { kind, participation, decided }: NamedAction
): void {
  const { gate, services, finder, bodies, authenticate, metrics, use, signals, tickets } = options
  const { url, param, onError } = participation
  const earlier = participation.earlier?.bind(participation)
  const answers = metrics.answers(url)
  const refusals = refusalSink(signals, finder, { kind, param })

  function enter(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    request.answers = answers
    request.refusals = refusals
    // more than the gate can decide in time: the cheapest answer leaves it the most time for those that it can
    if (gate.isBusy()) refuseBusy(request, reply)
    else authenticate(request, reply, done)
  }

  function find(request: ParticipationRequest, reply: FastifyReply): void {
    const { campaign = '', [param ?? '']: activity = '' } = request.params
    const known = param === undefined ? finder.findOnly(campaign, kind) : finder.findActivity(campaign, activity)
    goOn(reply, known, (found) => admit(request, reply, found))
  }

  /** @throws ProblemError NOT_FOUND for no activity, or one of another kind */
  function admit(request: ParticipationRequest, reply: FastifyReply, found: CatalogueActivity | undefined): void {
    if (found?.activity.kind !== kind) throw new ProblemError('NOT_FOUND')
    request.found = found
    const needs = found.activity.requires.ticket
    const lack = needs ? lackOfTicket(request, found, { tickets, gate: services.gate }) : undefined
    goOn(reply, lack, (code) => {
      if (code) sendProblem(request, reply, { code })
      else submit(request, reply, found)
    })
  }

  function submit(request: ParticipationRequest, reply: FastifyReply, found: CatalogueActivity): void {
    const command = participation.command(wishOf(request, found), services)
    goOn(reply, command, (made) => decide({ request, reply }, made, found))
  }

  function decide(exchange: Exchange, command: Command, found: CatalogueActivity): void {
    const began = signals.begin()
    gate
      .submit(traced(exchange.request, command))
      .then((outcome) => {
        signals.ended(found, began, outcome)
        participation.ended?.(command, outcome, services)
        answer(exchange, outcome, found)
      })
      .catch((error) => exchange.reply.send(error))
  }

  async function answerEarlier(
    { request, reply }: Exchange,
    refused: Refused,
    found: CatalogueActivity
  ): Promise<void> {
    const decision = await earlier?.(wishOf(request as ParticipationRequest, found), services)
    if (decision === undefined) sendOutcome(request, reply, refused)
    else {
      signals.count(found, 'replayed')
      sendEarlier(request, reply, await bodies.bodyOf(askedBy(request, decision, found)))
    }
  }

  function answer(exchange: Exchange, outcome: Outcome, found: CatalogueActivity): void {
    const { request, reply } = exchange
    metrics.outcome(outcome)
    if (outcome.kind !== 'confirmed') {
      if (earlier !== undefined && outcome.kind === 'refused' && outcome.code === 'ALREADY_DONE') {
        answerEarlier(exchange, outcome, found).catch((error) => reply.send(error))
      } else sendOutcome(request, reply, outcome)
      return
    }
    if (!outcome.replayed) use.count(found.campaign.id, found.activity.id)
    const body = bodies.bodyOf(askedBy(request, outcome.decision, found))
    goOn(reply, body, (made) => sendConfirmed(request, reply, { outcome, body: made }))
  }

  app.post<{ Params: Params; Body: unknown }>(
    url,
    {
      onRequest: [enter, requireKey],
      ...(onError && { errorHandler: onError }),
      schema: schemaOf(participation, decided)
    },
    find
  )
}

/** What the document says of a route, and its bodies are checked by. */
function schemaOf(
  { url, operationId, summary, tag, body, earlier }: NamedAction['participation'],
  decided: NamedAction['decided']
) {
  return {
    operationId,
    summary,
    tags: [tag],
    security: [{ storefront: [] }],
    params: Type.Object(Object.fromEntries(parametersOf(url).map((name) => [name, Type.String()]))),
    body,
    response: { ...(earlier && { 200: decided.confirmed.schema }), ...answersOf(decided.confirmed.schema) }
  }
}

/** The names of a URL's parameters. */
function parametersOf(url: string): string[] {
  return Array.from(url.matchAll(/:(\w+)/g), ([, name = '']) => name)
}

/** The routes by which users take part: one for each action of each kind of activity. */
export async function participationRoutes(app: FastifyInstance, options: ParticipationOptions): Promise<void> {
  for (const action of namedActions) participationRoute(app, options, action)
}
