import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandError, fetchFault } from '../../base/errors.ts'
import { ID } from '../../base/shapes.ts'
import { createClient } from '../../client/client.ts'
import type { Config } from '../../config/config.ts'
import { signTokens } from '../../http/auth/sign-token.ts'
import { type AdminReply, refusalText } from '../../stack/admin-client.ts'
import { readStackFile } from '../../stack/home.ts'
import { localUrl } from '../../stack/stack.ts'
import { requireUser, secretOf } from './token.ts'

/** The command line of `floodgate buy`; `place` is CAMPAIGN/SALE. */
interface BuyCommand {
  readonly place: string
  readonly as: string
  readonly quantity: number
  readonly key?: string | undefined
  readonly url?: string | undefined
}

const PLACE = new RegExp(`^(${ID})/(${ID})$`)
const TOKEN_SECONDS = 600
const ANSWER_MS = 10_000
const PATIENT_MS = 30_000
const PAUSE_MS = 300

/** @throws CommandError for what names no sale */
function placeOf({ place }: BuyCommand): { campaign: string; sale: string } {
  const [, campaign, sale] = PLACE.exec(place) ?? []
  if (campaign !== undefined && sale !== undefined) return { campaign, sale }
  throw new CommandError(
    `${JSON.stringify(place)} is no CAMPAIGN/SALE.`,
    'Nothing was bought.',
    'For example: npx floodgate buy launch/phone --as alice'
  )
}

/**
 * Buys as a storefront does: one key for one intention, asked again with it until the answer is final.
 * @returns the answer of the gateway as JSON
 * @throws CommandError with the gateway's words when it refuses, or its answer is not known
 */
export async function buyCommand(config: Config, command: BuyCommand): Promise<string> {
  const { campaign, sale } = placeOf(command)
  requireUser(command.as)
  const key = command.key ?? randomUUID()
  const base = command.url ?? readStackFile(config.FLOODGATE_HOME)?.publicUrl ?? localUrl(config.HOST, config.PORT)
  const [token] = signTokens({
    secret: secretOf(config),
    issuer: config.TOKEN_ISSUER,
    audience: config.TOKEN_AUDIENCE,
    users: [command.as],
    ttlSeconds: TOKEN_SECONDS
  })
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'idempotency-key': key
  }
  const body = JSON.stringify({ quantity: command.quantity })
  const until = performance.now() + PATIENT_MS
  for (;;) {
    const reply = await send(`${base}/v1/campaigns/${campaign}/sales/${sale}/orders`, { method: 'POST', headers, body })
    if (reply.status === 201) return `${JSON.stringify(reply.body)}\n`
    if (headers['floodgate-ticket'] === undefined && codeOf(reply) === 'TICKET_REQUIRED') {
      headers['floodgate-ticket'] = await ticketFor({ base, token, campaign, sale, key })
      continue
    }
    const isFinal = reply.status !== 202 && reply.status !== 503 && reply.status !== 429
    if (isFinal) throw refused(reply)
    if (performance.now() > until) {
      throw new CommandError(
        `No final answer within ${PATIENT_MS / 1000} s: ${refusalText(reply)}`,
        'It may have been bought, or not.',
        `Ask again with the same key: npx floodgate buy ${command.place} --as ${command.as} --key ${key}`
      )
    }
    await delay(PAUSE_MS)
  }
}

const codeOf = ({ body }: AdminReply): unknown => (body as { code?: unknown } | undefined)?.code

interface Wanted {
  readonly base: string
  readonly token: string | undefined
  readonly campaign: string
  readonly sale: string
  readonly key: string
}

/** @throws CommandError where none is given */
async function ticketFor({ base, token = '', campaign, sale, key }: Wanted): Promise<string> {
  const client = createClient({ baseUrl: base, token })
  try {
    const { ticket } = await client.ticket(campaign, sale, { key })
    return ticket
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandError(
      `No ticket could be had: ${why}`,
      'Nothing was bought.',
      'docs/tickets.md says how tickets are got.'
    )
  }
}

async function send(url: string, request: RequestInit): Promise<AdminReply> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_MS) })
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined }
  } catch (error) {
    throw new CommandError(
      `The gateway at ${url} does not answer: ${fetchFault(error)}.`,
      'Nothing is known about what became of the request.',
      'Check that the gateway runs (npm start).'
    )
  }
}

function refused(reply: AdminReply): CommandError {
  return new CommandError(
    `Refused: ${refusalText(reply)}`,
    'Nothing was bought.',
    'docs/problems.md says what each code means.'
  )
}
