import type { TSchema } from 'typebox'
import { orderBodies } from '../../campaign/actions/order-bodies.ts'
import { dataSchemas } from '../../events/schemas.ts'
import { type ToldType, toldTypes } from '../../events/types.ts'
import { toldWhen } from '../../events/when.ts'
import { commandTypes, type Names } from '../../journal/subjects.ts'
import { transitions } from '../../worker/commands/intake.ts'
import { OrderNamed } from '../../worker/commands/orders.ts'
import { TaskProgressData } from '../../worker/commands/tasks.ts'

type CommandType = (typeof commandTypes)[number]

interface Members {
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

/** The members of the path of a command's route and those of its body, side by side. */
function commandData(type: CommandType): object {
  const parts: Members[] =
    type === 'task.progress' ? [TaskProgressData] : [OrderNamed, orderBodies[transitions[type]] as Members]
  return {
    type: 'object',
    title: `Data of ${type}`,
    required: parts.flatMap(({ required = [] }) => required),
    properties: Object.assign({}, ...parts.map(({ properties = {} }) => properties))
  }
}

/** Schemas of `data`, by file name below /schemas/. */
export const messageSchemas: Readonly<Record<string, TSchema>> = {
  ...Object.fromEntries(toldTypes.map((type) => [`event-${type}.json`, dataSchemas[type]])),
  ...Object.fromEntries(commandTypes.map((type) => [`command-${type}.json`, commandData(type) as TSchema]))
}

const text = { type: 'string' }

/** The envelope of an event or a command, a CloudEvent 1.0. */
function envelopeOf(data: object, members: Readonly<Record<string, object>>): object {
  return {
    type: 'object',
    required: [
      'specversion',
      'id',
      'source',
      ...Object.keys(members).filter((name) => name !== 'partitionkey' && name !== 'traceparent'),
      'data'
    ],
    properties: {
      specversion: { const: '1.0' },
      id: { ...text, minLength: 1, maxLength: 256 },
      source: { ...text, minLength: 1, maxLength: 256 },
      time: { ...text, format: 'date-time' },
      ...members,
      data
    }
  }
}

const eventMembers = (type: ToldType) => ({
  type: { const: `floodgate.${type}` },
  subject: { ...text, description: 'what it is about' },
  datacontenttype: { const: 'application/json' },
  dataschema: { const: `urn:floodgate:schema:${type}:1` },
  partitionkey: { ...text, description: 'the user; absent where it is about none' },
  traceparent: { ...text, description: 'the span of the request that was decided; absent where it was not traced' }
})

interface Said {
  readonly name: string
  readonly address: string
  readonly summary: string
  readonly payload: object
  readonly action: 'send' | 'receive'
  readonly headers?: object
  readonly parameters?: object
}

const campaign = { description: 'id of the campaign; `_account` for what belongs to none' }
const messageId = {
  type: 'object',
  properties: { 'Nats-Msg-Id': { ...text, description: 'the id of the event: what comes twice has the same' } }
}

function saidBy(names: Names): Said[] {
  const events = toldTypes.map(
    (type): Said => ({
      name: type,
      address: names.eventSubject('{campaign}', type),
      summary: `Told when ${toldWhen[type]}.`,
      payload: envelopeOf(dataSchemas[type], eventMembers(type)),
      action: 'send',
      headers: messageId,
      parameters: { campaign }
    })
  )
  const commands = commandTypes.map(
    (type): Said => ({
      name: `command-${type}`,
      address: names.commandSubject(type),
      summary: 'Answered by command.accepted or command.rejected.',
      payload: envelopeOf(commandData(type), {}),
      action: 'receive'
    })
  )
  return [...events, ...commands]
}

const ref = (...path: string[]) => ({ $ref: `#/${path.join('/')}` })
const byName = (all: readonly Said[], make: (said: Said) => object) =>
  Object.fromEntries(all.map((said) => [said.name, make(said)]))

/** The events and commands of a deployment as an AsyncAPI 3.0 document. @param version of the contract */
export function asyncApiOf(names: Names, version: string): object {
  const all = saidBy(names)
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Floodgate, events and commands',
      version,
      description: [
        `Events are on the JetStream stream \`${names.publicStream}\`, commands on \`${names.commandsStream}\`, both CloudEvents 1.0 in JSON.`,
        'Events come at least once, causes before effects: skip an id that you have seen, and an `entityVersion` lower than one that you have seen.',
        'A command is named by its source and id, and carried out once.'
      ].join(' '),
      license: { name: 'MIT' }
    },
    defaultContentType: 'application/cloudevents+json',
    servers: {
      nats: { host: 'localhost:4222', protocol: 'nats', description: 'the NATS of the deployment, with JetStream' }
    },
    channels: byName(all, ({ name, address, summary, parameters }) => ({
      address,
      description: summary,
      ...(parameters && { parameters }),
      messages: { message: ref('components', 'messages', name) }
    })),
    operations: byName(all, ({ name, action, summary }) => ({
      action,
      summary,
      channel: ref('channels', name),
      messages: [ref('channels', name, 'messages', 'message')]
    })),
    components: {
      messages: byName(all, ({ name, summary, payload, headers }) => ({
        name,
        title: name,
        summary,
        contentType: 'application/cloudevents+json',
        ...(headers && { headers }),
        payload
      }))
    }
  }
}
