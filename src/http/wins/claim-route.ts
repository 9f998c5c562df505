import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type pg from 'pg'
import { fromStore } from '../../base/deadline.ts'
import type { WinCommand } from '../../gate/batch/commands.ts'
import { entityOf } from '../../gate/batch/encode.ts'
import type { Outcome } from '../../gate/batch/outcomes.ts'
import type { Decider, LiveWin, UserReader } from '../../gate/gate.ts'
import { userField } from '../../record/fields.ts'
import { replayField } from '../../record/replay.ts'
import { decodeWin } from '../../record/win.ts'
import { detailsUnder, forgetWinDetails, saveWinDetails } from '../../store/reading/win-details.ts'
import type { AnswerBodies } from '../answering/bodies.ts'
import { claimingLimits, Turns } from '../answering/turns.ts'
import { identityOf, type OnRequest } from '../auth/storefront.ts'
import { pickLanguage } from '../problems/language.ts'
import { ProblemError } from '../problems/problems.ts'
import type { HttpMetrics } from '../running/metrics.ts'
import { traced } from '../running/request-trace.ts'
import { sendConfirmed, sendOutcome } from '../views/outcome.ts'
import { answersOf, ConfirmedWin } from '../views/schemas.ts'
import { fixedHash, keyOf, requireKey } from '../wire/idempotency.ts'
import { WinParams } from '../wire/schemas.ts'
import { detailsOf, hashOfDetails, sameDetails, WinClaimBody, type WinDetails } from './claim.ts'
import type { WinFinder } from './find-wins.ts'

export interface WinOptions {
  readonly gate: Decider & UserReader
  readonly pool: pg.Pool
  readonly wins: WinFinder
  readonly bodies: AnswerBodies
  readonly authenticate: OnRequest
  readonly metrics: HttpMetrics
  readonly now: () => number
  /** limits of parallel reads */
  readonly turns: Turns
}

/** The user's claim of a win. */
function claimCommand(user: string, { key, hash }: { key: string; hash: string }, { win }: LiveWin): WinCommand {
  return {
    op: 'win',
    change: 'claim',
    by: 'user',
    user,
    key,
    hash,
    campaign: win.campaign,
    activity: win.draw,
    win: win.id,
    returnQuota: false,
    request: '{}'
  }
}

/** A claim with personal data: an address or an account. */
interface DetailedClaim {
  readonly user: string
  readonly found: LiveWin
  readonly key: string
  readonly details: WinDetails
  readonly request: FastifyRequest
}

/**
 * Claims with personal data. The gate is asked first whether it would accept. Only then the data is stored, before the gate
 * decides, so that no claimed win lacks its address; if the gate refuses all the same, the data is deleted at once.
 */
function createClaims({ gate, pool, now }: Pick<WinOptions, 'gate' | 'pool' | 'now'>) {
  async function mayPass({ user, found, key }: DetailedClaim): Promise<boolean> {
    const { id, campaign } = found.win
    const [record, banned] = [userField.win(entityOf(id)), userField.disqualified(campaign)]
    const fields = await gate.fieldsOf(user, [record, banned, key])
    if (fields[key] !== undefined || fields[banned] === '1' || fields[record] === undefined) return false
    const { status, claimBy } = decodeWin(id, fields[record])
    return status === 'won' && (claimBy === null || now() < claimBy)
  }

  /** The hash under which the same details were stored with this key, also by an older version of the program. */
  async function knownHash({ found, key, details }: DetailedClaim): Promise<string | undefined> {
    const kept = await fromStore(detailsUnder(pool, found.win.id, key))
    return kept.find((one) => sameDetails(one.details, details))?.hash
  }

  async function submit(claim: DetailedClaim, hash: string): Promise<Outcome> {
    const { user, key, found, details, request } = claim
    const row = { win: found.win.id, key, hash, details }
    const isNew = (await mayPass(claim)) && (await fromStore(saveWinDetails(pool, row)))
    const outcome = await gate.submit(traced(request, claimCommand(user, { key, hash }, found)))
    const nothingDone = outcome.kind === 'refused' || outcome.kind === 'unavailable'
    if (nothingDone && isNew) await fromStore(forgetWinDetails(pool, row)).catch(() => undefined)
    if (outcome.kind !== 'confirmed' || isNew) return outcome
    // a win that this same request claimed keeps these details, even if the gate's answer changed in between
    const kept = await fromStore(saveWinDetails(pool, row)).catch(() => undefined)
    const isKnown = kept !== undefined || outcome.replayed
    return isKnown ? outcome : { kind: 'unknown', reason: 'the details of the claim could not be kept yet' }
  }

  return async (claim: DetailedClaim): Promise<Outcome> => {
    const hash = await hashOfDetails(pool, claim.found.win.id, claim.details)
    const outcome = await submit(claim, hash)
    if (outcome.kind !== 'refused' || outcome.code !== 'KEY_REUSED') return outcome
    const before = await knownHash(claim)
    return before === undefined || before === hash ? outcome : submit(claim, before)
  }
}

/** POST .../claim: personal data in it goes to Postgres and nowhere else. */
export const winClaimRoute: FastifyPluginAsyncTypebox<WinOptions> = async (app, options) => {
  const { gate, wins, bodies, authenticate, metrics, turns } = options
  const claims = createClaims(options)
  const claiming = new Turns(claimingLimits)

  async function decide(user: string, found: LiveWin, request: FastifyRequest): Promise<Outcome> {
    const { win } = found
    const key = replayField.client(keyOf(request))
    const details = detailsOf(win.type, request.body)
    if (details !== undefined) return claims({ user, found, key, details, request })
    const command = claimCommand(user, { key, hash: fixedHash(`/v1/wins/${win.id}/claim`) }, found)
    return gate.submit(traced(request, command))
  }

  async function answer(request: FastifyRequest, reply: FastifyReply, claimed: { found: LiveWin; outcome: Outcome }) {
    const { outcome } = claimed
    const { win } = claimed.found
    metrics.outcome(outcome)
    if (outcome.kind !== 'confirmed') return sendOutcome(request, reply, outcome)
    const body = await bodies.bodyOf({
      decision: outcome.decision,
      campaign: win.campaign,
      activity: win.draw,
      requestId: keyOf(request),
      language: pickLanguage(request.headers['accept-language'])
    })
    return sendConfirmed(request, reply, { outcome, body })
  }

  app.post(
    '/v1/wins/:win/claim',
    {
      onRequest: [authenticate, requireKey],
      schema: {
        summary: 'Claim a win of mine: an address, an account or nothing, by the type of its prize',
        tags: ['wins'],
        security: [{ storefront: [] }],
        params: WinParams,
        body: WinClaimBody,
        response: answersOf(ConfirmedWin)
      }
    },
    async (request, reply) => {
      const { user } = identityOf(request)
      const found = await turns.take(reply, user, () => wins.find(user, request.params.win))
      if (found === undefined) throw new ProblemError('NOT_FOUND')
      const outcome = await claiming.take(reply, user, () => decide(user, found, request))
      return answer(request, reply, { found, outcome })
    }
  )
}
