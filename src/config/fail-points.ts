import { writeSync } from 'node:fs'
import { FloodgateError } from '../base/errors.ts'
import { ConfigError } from './config-error.ts'

/**
 * Named places in the code at which a test may interrupt a process, with the step that is done when it reaches them.
 * G: a gate call (of a gateway, or of a worker's drivers); W: a batch of the projection; D: a driver;
 * F: the follower; L: a loan between shards; B: final leaderboards; S: a settlement; A: an archive; R: a recovery; X: the rest.
 */
const failPoints = {
  G1: 'commands gathered, script not sent',
  G2: 'script answered, reply not read',
  G3: 'decided, frame not published',
  G4: 'frame published, ack not read',
  G5: 'ack read, not settled and not answered',
  G6: 'answered',
  W1: 'frames read, no transaction begun',
  W2: 'frames written in a transaction, not committed',
  W3: 'commit sent, its reply not read',
  W4: 'committed, kept not trimmed',
  D1: 'what is due taken (goals, credits, levels, spins, jobs), gate not asked',
  D2: 'decided, not noted as done',
  R1: 'recovery has a new epoch, no scripts loaded',
  R2: 'scripts loaded, gate not closed',
  R3: 'gate closed, nothing sealed',
  R4: 'older streams sealed, new stream not made',
  R5: 'new stream made, older ones not read to their end',
  R6: 'journal read to its end, Redis not touched',
  R7: 'Redis wiped, not written',
  R8: 'Redis written and verified, shard not marked open',
  R9: 'shard marked open, gate not open',
  F1: 'what follows from decisions written in a transaction, not committed',
  F2: 'committed, those who show it not told',
  L1: 'a loan begun, nothing asked',
  L2: 'its units lent, receipt not asked for',
  L3: 'received and settled, loan not closed',
  B1: 'an order of a leaderboard complete, not final',
  B2: 'a page of final ranks and what they get committed, the next not begun',
  S1: 'an ended campaign being settled, nothing looked at',
  S2: 'its decisions stored, open orders not looked at',
  S3: 'none left, changes not looked at',
  S4: 'none left, who follows not looked at',
  S5: 'all followed, goals not looked at',
  S6: 'all rewarded, credits not looked at',
  S7: 'all given, leaderboards not looked at',
  S8: 'all final, levels not looked at',
  S9: 'all changed, loans not looked at',
  A1: 'the file and the checkpoint of a campaign that is archived compared, the gate not told',
  A2: 'the next decision of its chain prepared, gate not asked',
  A3: 'decided, not noted',
  A4: 'noted, the next not begun',
  A5: 'all of it out of Redis, no row deleted',
  A6: 'a page of rows deleted in a transaction, not committed',
  A7: 'committed, the next page not begun',
  A8: 'all rows gone, campaign not marked as archived',
  A9: 'marked',
  X1: 'relay has read the outbox, nothing published',
  X2: 'due orders listed, gate not asked',
  X3: 'events published, place not saved',
  X4: 'adjustment noted, gate not asked',
  X5: 'adjustment decided, not noted as done',
  X6: 'a frame of a lost journal published again, the next one not',
  X7: 'nothing left to be done, campaign not settled',
  X8: 'campaign settled, its settlement not noted as done'
} as const

export type FailPoint = keyof typeof failPoints

type Action = 'kill' | 'stop' | 'delay' | 'throw'

interface Strike {
  readonly point: FailPoint
  readonly action: Action
  /** how long a delay takes */
  readonly ms: number
  readonly hit: number
  /** whether every later hit counts too */
  readonly onwards: boolean
}

/** The process hit a fail point with the action `throw`. */
class FailPointError extends FloodgateError {
  readonly code = 'fail-point'
  readonly meaning = 'A test interrupts this process at this place.'
  readonly remedy = 'Unset FAIL_POINTS outside of tests.'
}

/**
 * Undefined unless FAIL_POINTS names a point, so each place costs one read of a variable:
 * `if (failPoint) await failPoint('G3')`. A fail point concerns the whole process, so this is state of the module.
 */
export let failPoint: ((point: FailPoint) => Promise<void> | undefined) | undefined

const FORM = /^([A-Z]\d):(?:(kill|stop|throw)|(delay):(\d{1,6}))(?::(\d{1,9})(\+)?)?$/

function parseStrike(text: string): Strike {
  const match = FORM.exec(text)
  const point = match?.[1]
  if (!match || point === undefined || !Object.hasOwn(failPoints, point)) {
    throw new ConfigError(
      `FAIL_POINTS holds ${JSON.stringify(text)}. Its form is <point>:<kill|stop|throw|delay:ms>[:<hit>[+]], such as ` +
        `G3:kill:10; points are ${Object.keys(failPoints).join(', ')}.`
    )
  }
  return {
    point: point as FailPoint,
    action: (match[2] ?? 'delay') as Action,
    ms: Number(match[4] ?? 0),
    hit: Number(match[5] ?? 1),
    onwards: match[6] !== undefined
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Writes its line synchronously, because the process may do nothing after it. */
function strike({ point, action, ms }: Strike, hit: number): Promise<void> | undefined {
  writeSync(2, `FAIL POINT ${point} ${action} at hit ${hit}\n`)
  if (action === 'kill') process.kill(process.pid, 'SIGKILL')
  if (action === 'stop') process.kill(process.pid, 'SIGSTOP')
  if (action === 'throw') throw new FailPointError(`The fail point ${point} was hit.`)
  return action === 'delay' ? pause(ms) : undefined
}

/**
 * Arms what FAIL_POINTS names, such as `G3:kill:10,W2:delay:500:3+`; '' disarms. `loadConfig` refuses it in production.
 * @throws ConfigError when it cannot be read
 */
export function armFailPoints({ FAIL_POINTS }: { readonly FAIL_POINTS: string }): void {
  failPoint = undefined
  if (FAIL_POINTS === '') return
  const strikes = FAIL_POINTS.split(',').map((text) => parseStrike(text.trim()))
  const hits = new Map<FailPoint, number>()
  failPoint = (point) => {
    const hit = (hits.get(point) ?? 0) + 1
    hits.set(point, hit)
    const due = strikes.find((each) => each.point === point && (each.onwards ? hit >= each.hit : hit === each.hit))
    return due && strike(due, hit)
  }
}
