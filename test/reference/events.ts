import { toEvents } from '../../src/events/cloud-event.ts'
import { frozenBoardEvent } from '../../src/events/frozen-board.ts'
import { momentEvent, turnEvent } from '../../src/events/moment.ts'
import { reminderEvents } from '../../src/events/reminder.ts'
import type { ToldType } from '../../src/events/types.ts'
import { toldWhen } from '../../src/events/when.ts'
import type { Frame, FrameDecision } from '../../src/journal/frame.ts'
import { streamNames } from '../../src/journal/subjects.ts'
import { answerOf } from '../../src/worker/commands/answers.ts'
import type { CommandResult } from '../../src/worker/commands/event.ts'
import { EPOCH, type EventWords, told } from './event-words.ts'
import { code, table } from './markdown.ts'

const names = streamNames('floodgate')

type Data = Readonly<Record<string, unknown>>

function whole(type: ToldType, decision: Partial<FrameDecision>): FrameDecision {
  const common = { seq: 7, user: 'alice', key: 'u:key', hash: '', campaign: 'launch', activity: '', request: {} }
  // what is told beside another event names the type of the decision
  return { ...common, type, ...decision }
}

/** The event of a decision, as it is published. */
function eventOf(type: ToldType, decision: Partial<FrameDecision>): { readonly payload: string } {
  const made = whole(type, decision)
  const frame: Frame = { v: 1, shard: 0, epoch: EPOCH, batch: 3, at: EPOCH * 1000, decisions: [made] }
  const event = toEvents(frame, made, names).find(({ subject }) => subject.endsWith(`.${type}`))
  if (event === undefined) throw new Error(`${type} is not told`)
  return event
}

const command = { source: 'urn:payments', id: 'p-1', type: 'order.pay', attempt: 41 } as const
const about = { campaign: 'launch', user: 'alice' }
const answers: Partial<Record<ToldType, readonly CommandResult[]>> = {
  'command.accepted': [{ ...about, accepted: true, data: {} }],
  'command.rejected': [{ ...about, accepted: false, code: 'NOT_FOUND', detail: 'there is no such order' }]
}

const session = { campaign: 'launch', activity: 'phone', session: 'am', at: 0, opensAt: 0, closesAt: 0 }
const stock = { campaign: 'launch', activity: 'phone', item: 'am', turn: 1, at: 0, remaining: 0, held: 2 } as const

const others: Partial<Record<ToldType, () => readonly { readonly payload: string }[]>> = {
  'campaign.ended': () => [momentEvent(names, { ...session, activity: '', moment: 'ended' })],
  'session.opened': () => [momentEvent(names, { ...session, moment: 'opened' })],
  'session.closed': () => [momentEvent(names, { ...session, moment: 'closed' })],
  'activity.soldout': () => [
    turnEvent(names, { ...stock, of: 'session', isOut: true }),
    turnEvent(names, { ...stock, of: 'prize', isOut: true })
  ],
  'activity.reopened': () => [
    turnEvent(names, { ...stock, of: 'session', isOut: false }),
    turnEvent(names, { ...stock, of: 'prize', isOut: false })
  ],
  'board.frozen': () => {
    const board = { campaign: 'launch', board: 'top', period: 'campaign', ranked: 3, frozenAt: new Date(0) }
    return [frozenBoardEvent(names, board)]
  },
  'reminder.due': () => {
    const session = { campaign: 'launch', activity: 'remind', of: 'phone', session: 'am', opensAt: 0 }
    return [reminderEvents(names, session, 0)({ user: 'alice', reservation: `0-${EPOCH}-7`, further: false })]
  }
}

const dataOf = (payload: string): Data => (JSON.parse(payload) as { data: Data }).data

/** `data` of each example of a type. */
function examplesOf(type: ToldType, { decisions }: EventWords): Data[] {
  const answered = (answers[type] ?? []).map((result) => answerOf(names, command, result))
  const other = others[type]
  return [...answered, ...(other?.() ?? []), ...decisions.map((decision) => eventOf(type, decision))].map(
    ({ payload }) => dataOf(payload)
  )
}

const tellings = Object.entries(told) as ReadonlyArray<readonly [ToldType, EventWords]>

/** What every event of a decision says. */
const common = Object.keys(dataOf(eventOf('campaign.paused', {}).payload))

/** Examples of `data` of every event. */
export const exampleData = (): ReadonlyArray<readonly [ToldType, readonly Data[]]> =>
  tellings.map(([type, words]) => [type, examplesOf(type, words)])

/** Members that some examples have, those that not all of them have with a question mark. */
function namesIn(type: ToldType, words: EventWords): string[] {
  const examples = examplesOf(type, words)
  const all = new Set(examples.flatMap((data) => Object.keys(data)))
  const own = [...all].filter((name) => !common.includes(name))
  return own.map((name) => (examples.every((data) => name in data) ? name : `${name}?`))
}

function shapeOf(type: ToldType, without: readonly string[] = []): string[] {
  return namesIn(type, told[type]).filter((name) => !without.includes(name))
}

/** What several types say alike. */
const shapes: Readonly<Record<string, readonly string[]>> = {
  'an order': shapeOf('order.accepted'),
  'a win': shapeOf('win.claimed', ['moves'])
}

function membersOf(type: ToldType, words: EventWords): string {
  const names = namesIn(type, words)
  const [shape, shared = []] =
    Object.entries(shapes).find(([, each]) => each.every((name) => names.includes(name))) ?? []
  const others = names.filter((name) => !shared.includes(name)).map(code)
  return [...(shape === undefined ? [] : [shape]), ...others].join(', ')
}

export function eventsTable(): string {
  const rows = tellings.map(([type, words]) => [code(type), toldWhen[type], membersOf(type, words)])
  return table(['type', 'told when', '`data` beside those'], rows)
}

export const shapesText = (): string =>
  Object.entries(shapes)
    .map(([shape, names]) => `- **${shape}** is ${names.map(code).join(', ')}.`)
    .join('\n')

export const commonMembers = (): string => `Every \`data\` of a decision has ${common.map(code).join(', ')}.`

/** An event of a purchase, as the code makes it. */
export function eventExample(): string {
  const [decision] = told['order.accepted'].decisions
  const event: unknown = JSON.parse(eventOf('order.accepted', decision ?? {}).payload)
  return `\`\`\`json\n${JSON.stringify(event, null, 2)}\n\`\`\``
}
