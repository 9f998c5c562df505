import { compile, compileActivity, compileLimits, compileStock, compileZone } from '../definition/compile.ts'
import type { Rules } from '../definition/rules.ts'
import { stockItems } from '../definition/stock.ts'
import { type ActivityRules, kindOf } from '../kinds/index.ts'
import { shownOf } from '../parts/activity.ts'
import type { DefinitionError } from '../parts/explain.ts'
import { type AddEntry, activityKey, campaignKey, type Put } from '../parts/fields.ts'
import type { Refuse } from '../parts/kind.ts'
import type { Session } from '../parts/model.ts'
import { compareActivity, compareCampaign } from './compare-version.ts'
import { changedPuts } from './draft.ts'

/** How a version comes into force: first the writes that nobody can use yet, then, once these are verified, the writes that open it. */
export interface PublicationPlan {
  /** rules in force after it */
  readonly rules: Rules
  readonly preload: { readonly puts: readonly Put[]; readonly adds: readonly AddEntry[] }
  readonly open: readonly Put[]
}

/** All writes of a campaign; `ready` keeps it closed. */
export function planFirst(rules: Rules, version: number): PublicationPlan {
  return {
    rules,
    preload: compile(rules, { ready: false, paused: false, ended: false, version }),
    open: [[campaignKey(rules.id), 'ready', '1']]
  }
}

/** An activity in force with what a later version may bring: texts, further sessions, and what its kind allows besides. */
function mergeActivity(inForce: ActivityRules, target: ActivityRules): ActivityRules {
  // another kind is refused, so nothing of it is merged
  if (inForce.kind !== target.kind) return inForce
  const {
    description: _description,
    category: _category,
    image: _image,
    spec: _spec,
    instructions: _told,
    ...rest
  } = inForce
  const ids = new Set(inForce.sessions.map((session) => session.id))
  const added = target.sessions.filter((session) => !ids.has(session.id))
  const merged: ActivityRules = {
    ...rest,
    title: target.title,
    sort: target.sort,
    // equal but for the ticket
    requires: target.requires,
    ...(target.description === undefined ? {} : { description: target.description }),
    ...(target.category === undefined ? {} : { category: target.category }),
    ...shownOf(target),
    // equal but for the words of prizes
    ...Object.fromEntries(Object.entries(target).filter(([name]) => kindOf(inForce).frozen.includes(name))),
    sessions: [...inForce.sessions, ...added].sort((a, b) => a.opensAt - b.opensAt)
  }
  const known = target.daily ? { ...merged, daily: target.daily } : merged
  return kindOf(inForce).merge?.(known, target) ?? known
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

/** A new activity is paused until it is verified. */
function planNew(target: Rules, activity: ActivityRules, { puts, adds, open }: Steps): void {
  // a campaign of a version of the program without draws has no zone in the gate yet
  if (!kindOf(activity).ignoresDays) puts.push(compileZone(target))
  puts.push(...compileActivity(target, { ...activity, paused: true }))
  adds.push(...compileStock(target, activity))
  open.push([activityKey(target.id, activity.id), 'paused', '0'])
}

/**
 * The additions to an activity in force: new sessions are preloaded as paused, and the new fields of its kind come before
 * the fields that make them usable.
 */
function planGrown(
  target: Rules,
  change: { campaign: Rules; inForce: ActivityRules; merged: ActivityRules },
  steps: Steps
): void {
  const { campaign, inForce, merged } = change
  const known = new Set(stockItems(inForce).map(({ id }) => id))
  const items = stockItems(merged).filter(({ id }) => !known.has(id))
  steps.adds.push(...compileStock(target, merged, items))
  // by the campaign as it is: an activity may repeat the sessions of another one, which grow too
  const before = compileActivity(campaign, inForce)
  const after = compileActivity(target, merged)
  const unused = new Set(kindOf(merged).preloaded?.(inForce, merged))
  const sessions = new Set(merged.sessions.filter((session) => !inForce.sessions.includes(session)))
  steps.puts.push(...changedPuts(before, after).filter(([, field]) => unused.has(field)))
  if (sessions.size > 0) steps.puts.push(...changedPuts(before, compileActivity(target, shut(merged, sessions))))
  steps.open.push(...changedPuts(before, after).filter(([, field]) => !unused.has(field)))
}

/**
 * A later version of a campaign in force: it may add units, activities, sessions and prizes and change texts (title,
 * description, category, sort, picture, properties, instructions, display) and whether a ticket is asked for. What exists must be equal; stock may be the published or the present figure.
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
    planGrown(target, { campaign: inForce, inForce: activity, merged }, steps)
    return merged
  })
  if (errors.length > 0) return { errors }
  const { description: _description, ...rest } = inForce
  const texts = target.description === undefined ? {} : { description: target.description }
  const rules = { ...rest, title: target.title, ...texts, units: target.units, activities }
  // what is added may be claimed for longer
  steps.open.push(...changedPuts(compileLimits(inForce), compileLimits(rules)))
  return { rules, preload: { puts: steps.puts, adds: steps.adds }, open: steps.open }
}

const MAX_ENTRIES = 200
const MAX_CHARACTERS = 64_000

/** Splits writes into commands of a bounded size: one command is one frame, and one frame is one message. */
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
