import { isDeepStrictEqual } from 'node:util'
import { type AddEntry, activityKey, campaignKey, compile, compileSale, compileStock, type Put } from './compile.ts'
import type { DefinitionError } from './definition.ts'
import type { Rules, Sale, Session } from './rules.ts'

/** How a version becomes the one in force: first what nobody can use yet, then, once verified, what opens it. */
export interface PublicationPlan {
  /** rules in force after it */
  readonly rules: Rules
  readonly preload: { readonly puts: readonly Put[]; readonly adds: readonly AddEntry[] }
  readonly open: readonly Put[]
}

/** Everything of a campaign, shut by `ready`. */
export function planFirst(rules: Rules, version: number): PublicationPlan {
  return {
    rules,
    preload: compile(rules, { ready: false, paused: false, ended: false, version }),
    open: [[campaignKey(rules.id), 'ready', '1']]
  }
}

type Refuse = (pointer: string, detail: string) => void

const byPatch = 'it is in force and is changed by PATCH'

function compareCampaign(inForce: Rules, target: Rules, refuse: Refuse): void {
  const pointers = {
    timezone: '/timezone',
    opensAt: '/opensAt',
    closesAt: '/closesAt',
    admission: '/admission',
    unitsPerUser: '/limits/unitsPerUser',
    units: '/units',
    policies: '/policies'
  } as const
  for (const name of Object.keys(pointers) as Array<keyof typeof pointers>) {
    if (!isDeepStrictEqual(inForce[name], target[name])) refuse(pointers[name], `differs: ${byPatch}`)
  }
}

function compareSession(inForce: Session, target: Session, refuse: (field: string, detail: string) => void): void {
  for (const name of ['opensAt', 'closesAt', 'unitsPerUser'] as const) {
    if (inForce[name] !== target[name]) refuse(name, `differs: ${byPatch}`)
  }
  if (target.stock !== inForce.publishedStock && target.stock !== inForce.stock) {
    refuse('stock', `differs from the ${inForce.stock} in force: it is changed by PATCH with addStock`)
  }
}

function compareSale(inForce: Sale, target: Sale, refuse: Refuse): void {
  const fixed = [
    'kind',
    'sku',
    'listPrice',
    'price',
    'currency',
    'unitsPerUser',
    'payWithinSeconds',
    'shipWithin',
    'requires',
    'visibleFrom'
  ] as const
  for (const name of fixed) {
    if (!isDeepStrictEqual(inForce[name], target[name])) refuse(`/${name}`, `differs: ${byPatch}`)
  }
  for (const session of inForce.sessions) {
    const index = target.sessions.findIndex((other) => other.id === session.id)
    const wanted = target.sessions[index]
    if (!wanted) refuse('/sessions', `session ${session.id} is missing: it is in force`)
    else
      compareSession(session, wanted, (field, detail) =>
        refuse('/sessions', `${field} of session ${session.id} ${detail}`)
      )
  }
}

/** A sale in force with what a later version may bring: texts and further sessions. */
function mergeSale(inForce: Sale, target: Sale): { sale: Sale; added: Session[] } {
  const known = new Set(inForce.sessions.map((session) => session.id))
  const added = target.sessions.filter((session) => !known.has(session.id))
  const { description: _description, category: _category, ...rest } = inForce
  const sale: Sale = {
    ...rest,
    title: target.title,
    sort: target.sort,
    ...(target.description === undefined ? {} : { description: target.description }),
    ...(target.category === undefined ? {} : { category: target.category }),
    sessions: [...inForce.sessions, ...added].sort((a, b) => a.opensAt - b.opensAt)
  }
  return { sale, added }
}

const shut = (sale: Sale, added: readonly Session[]): Sale => ({
  ...sale,
  sessions: sale.sessions.map((session) => (added.includes(session) ? { ...session, paused: true } : session))
})

/**
 * A later version of a campaign in force: it may add activities and sessions and change texts (title, description,
 * category, sort). What exists must be equal; stock may be the published or the present figure. What is new is preloaded
 * as paused and resumed once it is verified.
 */
export function planNext(
  inForce: Rules,
  target: Rules,
  version: number
): PublicationPlan | { errors: DefinitionError[] } {
  const errors: DefinitionError[] = []
  const refuse: Refuse = (pointer, detail) => errors.push({ pointer, detail })
  compareCampaign(inForce, target, refuse)
  const puts: Put[] = []
  const adds: AddEntry[] = []
  const open: Put[] = [[campaignKey(target.id), 'version', String(version)]]
  for (const sale of inForce.activities) {
    if (!target.activities.some((other) => other.id === sale.id)) {
      refuse('/activities', `${sale.id} is missing: it is in force`)
    }
  }
  const activities = target.activities.map((wanted, index) => {
    const sale = inForce.activities.find((other) => other.id === wanted.id)
    if (!sale) {
      puts.push(...compileSale(target, { ...wanted, paused: true }))
      adds.push(...compileStock(target, wanted))
      open.push([activityKey(target.id, wanted.id), 'paused', '0'])
      return wanted
    }
    compareSale(sale, wanted, (pointer, detail) => refuse(`/activities/${index}${pointer}`, detail))
    const merged = mergeSale(sale, wanted)
    if (merged.added.length > 0) {
      const sessionsOf = (of: Sale) => compileSale(target, of).filter(([, field]) => field === 'sessions')
      puts.push(...sessionsOf(shut(merged.sale, merged.added)))
      adds.push(...compileStock(target, sale, merged.added))
      open.push(...sessionsOf(merged.sale))
    }
    return merged.sale
  })
  if (errors.length > 0) return { errors }
  const { description: _description, ...rest } = inForce
  const texts = target.description === undefined ? {} : { description: target.description }
  return { rules: { ...rest, title: target.title, ...texts, activities }, preload: { puts, adds }, open }
}

const MAX_ENTRIES = 200
const MAX_CHARACTERS = 64_000

/** Splits what is written into commands of a bounded size: one command is one frame, and a frame one message. */
export function chunked(writes: PublicationPlan['preload']): Array<{ puts: Put[]; adds: AddEntry[] }> {
  const chunks: Array<{ puts: Put[]; adds: AddEntry[] }> = []
  let entries = MAX_ENTRIES
  let characters = 0
  const room = (size: number) => {
    if (entries >= MAX_ENTRIES || characters + size > MAX_CHARACTERS) {
      chunks.push({ puts: [], adds: [] })
      entries = 0
      characters = 0
    }
    entries += 1
    characters += size
    return chunks[chunks.length - 1]
  }
  for (const put of writes.puts) room(put.join('').length)?.puts.push(put)
  for (const entry of writes.adds) room(entry.join('').length)?.adds.push(entry)
  return chunks
}
