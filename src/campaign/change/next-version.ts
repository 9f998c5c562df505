import { compile, compileStock, compileZone } from '../definition/compile.ts'
import type { Rules } from '../definition/rules.ts'
import { stockItems } from '../definition/stock.ts'
import { prizeField } from '../kinds/draw/compile.ts'
import type { Draw, Prize } from '../kinds/draw/rules.ts'
import type { ActivityRules } from '../kinds/index.ts'
import { compileActivity } from '../kinds/index.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { type AddEntry, activityKey, campaignKey, type Put } from '../parts/fields.ts'
import type { Session } from '../parts/model.ts'
import { compareActivity, compareCampaign, type Refuse } from './compare-version.ts'
import { changedPuts } from './parts.ts'

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

/** A prize in force with the words of a later version. */
function mergePrize(inForce: Prize | undefined, target: Prize): Prize {
  if (!inForce) return target
  const { display: _display, ...rest } = inForce
  return {
    ...rest,
    title: target.title,
    subPrizes: target.subPrizes,
    ...(target.display === undefined ? {} : { display: target.display })
  }
}

/** An activity in force with what a later version may bring: texts, further sessions of a sale, prizes of a draw. */
function mergeActivity(inForce: ActivityRules, target: ActivityRules): ActivityRules {
  const { description: _description, category: _category, ...rest } = inForce
  const known = new Set(inForce.sessions.map((session) => session.id))
  const added = target.sessions.filter((session) => !known.has(session.id))
  const merged: ActivityRules = {
    ...rest,
    title: target.title,
    sort: target.sort,
    ...(target.description === undefined ? {} : { description: target.description }),
    ...(target.category === undefined ? {} : { category: target.category }),
    sessions: [...inForce.sessions, ...added].sort((a, b) => a.opensAt - b.opensAt)
  }
  if (merged.kind === 'sale' && target.kind === 'sale' && target.daily) return { ...merged, daily: target.daily }
  if (merged.kind !== 'draw' || target.kind !== 'draw') return merged
  const before = new Map(merged.prizes.map((prize) => [prize.id, prize]))
  const prizes = target.prizes.map((prize) => mergePrize(before.get(prize.id), prize))
  return { ...merged, prizes, weightsByLevel: target.weightsByLevel }
}

const shut = (activity: ActivityRules, added: ReadonlySet<Session>): ActivityRules => ({
  ...activity,
  sessions: activity.sessions.map((session) => (added.has(session) ? { ...session, paused: true } : session))
})

interface Steps {
  readonly puts: Put[]
  readonly adds: AddEntry[]
  readonly open: Put[]
}

/** An activity that is new is shut until it is verified. */
function planNew(target: Rules, activity: ActivityRules, { puts, adds, open }: Steps): void {
  // a campaign from before there were draws does not tell its days yet
  if (activity.kind !== 'sale') puts.push(compileZone(target))
  puts.push(...compileActivity(target, { ...activity, paused: true }))
  adds.push(...compileStock(target, activity))
  open.push([activityKey(target.id, activity.id), 'paused', '0'])
}

/**
 * What is new of an activity in force: sessions are preloaded as paused, prizes with all but their weight; a prize that
 * no list names is never drawn.
 */
function planGrown(target: Rules, change: { inForce: ActivityRules; merged: ActivityRules }, steps: Steps): void {
  const { inForce, merged } = change
  const known = new Set(stockItems(inForce).map(({ id }) => id))
  const items = stockItems(merged).filter(({ id }) => !known.has(id))
  steps.adds.push(...compileStock(target, merged, items))
  const before = compileActivity(target, inForce)
  const after = compileActivity(target, merged)
  const prizes = new Set(newPrizes(inForce, merged).map(prizeField))
  const sessions = new Set(merged.sessions.filter((session) => !inForce.sessions.includes(session)))
  steps.puts.push(...changedPuts(before, after).filter(([, field]) => prizes.has(field)))
  if (sessions.size > 0) steps.puts.push(...changedPuts(before, compileActivity(target, shut(merged, sessions))))
  steps.open.push(...changedPuts(before, after).filter(([, field]) => !prizes.has(field)))
}

function newPrizes(inForce: ActivityRules, merged: ActivityRules): string[] {
  const idsOf = (activity: ActivityRules) => (activity as Partial<Draw>).prizes?.map(({ id }) => id) ?? []
  const known = new Set(idsOf(inForce))
  return idsOf(merged).filter((id) => !known.has(id))
}

/**
 * A later version of a campaign in force: it may add units, activities, sessions and prizes and change texts (title,
 * description, category, sort, display). What exists must be equal; stock may be the published or the present figure.
 * What is new is preloaded so that nobody can use it, and opened once it is verified.
 */
export function planNext(
  inForce: Rules,
  target: Rules,
  version: number
): PublicationPlan | { errors: DefinitionError[] } {
  const errors: DefinitionError[] = []
  const refuse: Refuse = (pointer, detail) => errors.push({ pointer, detail })
  compareCampaign(inForce, target, refuse)
  const steps: Steps = { puts: [], adds: [], open: [[campaignKey(target.id), 'version', String(version)]] }
  for (const activity of inForce.activities) {
    if (!target.activities.some((other) => other.id === activity.id)) {
      refuse('/activities', `${activity.id} is missing: it is in force`)
    }
  }
  const activities = target.activities.map((wanted, index) => {
    const activity = inForce.activities.find((other) => other.id === wanted.id)
    if (!activity) {
      planNew(target, wanted, steps)
      return wanted
    }
    compareActivity(activity, wanted, (pointer, detail) => refuse(`/activities/${index}${pointer}`, detail))
    const merged = mergeActivity(activity, wanted)
    planGrown(target, { inForce: activity, merged }, steps)
    return merged
  })
  if (errors.length > 0) return { errors }
  const { description: _description, ...rest } = inForce
  const texts = target.description === undefined ? {} : { description: target.description }
  const rules = { ...rest, title: target.title, ...texts, units: target.units, activities }
  return { rules, preload: { puts: steps.puts, adds: steps.adds }, open: steps.open }
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
