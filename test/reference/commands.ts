import { orderBodies } from '../../src/campaign/actions/order-bodies.ts'
import { type commandTypes, streamNames } from '../../src/journal/subjects.ts'
import { transitions } from '../../src/worker/commands/intake.ts'
import { OrderNamed } from '../../src/worker/commands/orders.ts'
import { TaskProgressData } from '../../src/worker/commands/tasks.ts'
import { code, table } from './markdown.ts'
import { membersOf, membersTable, type Told, toldOf } from './schema-words.ts'

const names = streamNames('floodgate')

type CommandType = (typeof commandTypes)[number]

function ofOrder(type: keyof typeof transitions): readonly Told[] {
  return [toldOf(OrderNamed), toldOf(orderBodies[transitions[type]])]
}

/** The schemas that the data of each command has to fit, all members of which stand side by side. */
export const commandData: Readonly<Record<CommandType, readonly Told[]>> = {
  'order.pay': ofOrder('order.pay'),
  'order.cancel': ofOrder('order.cancel'),
  'order.ship': ofOrder('order.ship'),
  'order.return': ofOrder('order.return'),
  'task.progress': [toldOf(TaskProgressData)]
}

const commands = Object.entries(commandData) as ReadonlyArray<readonly [CommandType, readonly Told[]]>

export function commandsTable(): string {
  const rows = commands.map(([type, schemas]) => [code(names.commandSubject(type)), schemas.map(membersOf).join(', ')])
  return table(['subject', '`data`'], rows)
}

/** What each member may be. */
export const commandMembers = (): string => membersTable(commands.flatMap(([, schemas]) => schemas))
