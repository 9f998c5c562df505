import { kindOf } from '../kinds/index.ts'
import { iso } from '../parts/activity.ts'
import { MAX_SESSIONS } from '../parts/bounds.ts'
import { Contradiction, momentAt } from '../parts/contradiction.ts'
import type { Session } from '../parts/model.ts'
import { addStock, type Draft, kindNames, naming } from './draft.ts'
import type { SessionChange } from './patch.ts'

/** The named session; without a name the only one, else the open one, else the next to open. */
export function meantSession({ activity, now }: Draft, name: string | undefined): Session {
  if (name !== undefined) {
    const named = activity.sessions.find((session) => session.id === name)
    if (!named) throw new Contradiction('/session', `${activity.id} has no session ${name}`)
    return named
  }
  const [only, ...others] = activity.sessions
  const meant = others.length === 0 ? only : activity.sessions.find((session) => session.closesAt > now)
  if (!meant) throw new Contradiction('/session', 'is missing: every session has closed, so name the one that is meant')
  return meant
}

/** An activity with a seed that has ended stays closed: its seed is public then, and whoever knows it can choose what they win. */
function checkStillSecret({ activity, now }: Draft, session: Session, pointer: string): void {
  const before = activity.sessions.find((other) => other.id === session.id)
  if (!kindOf(activity).hasSeed || !before || before.closesAt > now || session.closesAt <= now) return
  throw new Contradiction(`${pointer}/closesAt`, `${activity.id} has ended and its seed is public: it stays closed`)
}

function checkSession(draft: Draft, session: Session, pointer: string): void {
  const { rules, activity, now } = draft
  if (session.closesAt <= session.opensAt) throw new Contradiction(`${pointer}/closesAt`, 'must be after opensAt')
  if (session.closesAt <= now) throw new Contradiction(`${pointer}/closesAt`, 'is in the past; to stop at once, pause')
  if (session.opensAt < rules.opensAt) throw new Contradiction(`${pointer}/opensAt`, 'is before the campaign opens')
  if (session.closesAt > rules.closesAt) {
    throw new Contradiction(
      `${pointer}/closesAt`,
      `is after the campaign closes (${iso(rules.closesAt)}); extend the campaign first`
    )
  }
  checkStillSecret(draft, session, pointer)
  const overlapped = activity.sessions.find(
    (other) => other.id !== session.id && session.opensAt < other.closesAt && other.opensAt < session.closesAt
  )
  if (overlapped) throw new Contradiction(pointer || '/closesAt', `overlaps session ${overlapped.id}`)
}

function setSession(draft: Draft, session: Session): void {
  const others = draft.activity.sessions.filter((other) => other.id !== session.id)
  const sessions = [...others, session].sort((a, b) => a.opensAt - b.opensAt)
  draft.activity = { ...draft.activity, sessions }
}

function addSession(draft: Draft, change: SessionChange): void {
  const { opensAt, closesAt, stock } = change
  const { activity, rules } = draft
  if (!kindOf(activity).hasSessions) {
    throw new Contradiction('/session/id', `${naming(activity)}, which has the session all only`)
  }
  const missing = (['opensAt', 'closesAt', 'stock'] as const).filter((name) => change[name] === undefined)
  if (opensAt === undefined || closesAt === undefined || stock === undefined) {
    throw new Contradiction(`/session/${missing[0]}`, `is missing: ${change.id} is a new session`)
  }
  const count = rules.activities.reduce((sum, { sessions }) => sum + sessions.length, 0)
  if (count >= MAX_SESSIONS) throw new Contradiction('/session', `a campaign has at most ${MAX_SESSIONS} sessions`)
  const session: Session = {
    id: change.id,
    opensAt: momentAt(opensAt, '/session/opensAt'),
    closesAt: momentAt(closesAt, '/session/closesAt'),
    stock: 0,
    publishedStock: stock,
    unitsPerUser: change.unitsPerUser ?? 0,
    paused: change.paused ?? false
  }
  checkSession(draft, session, '/session')
  setSession(draft, session)
  addStock(draft, session.id, stock)
}

/** Refuses fields that a session of this kind does not have. */
function checkFields({ activity }: Draft, { stock, unitsPerUser }: SessionChange): void {
  const kind = kindOf(activity)
  if (stock !== undefined && kind.stock?.of !== 'session') {
    throw new Contradiction('/session/stock', `${naming(activity)}, whose session has no stock`)
  }
  if (unitsPerUser !== undefined && !kind.hasSessions) {
    const others = kindNames(({ hasSessions }) => hasSessions === true)
    throw new Contradiction(
      '/session/unitsPerUser',
      `only sessions of ${others} have a limit of their own; give limits`
    )
  }
}

function changeSession(draft: Draft, before: Session, change: SessionChange): void {
  const { opensAt, closesAt, stock, unitsPerUser, paused } = change
  checkFields(draft, change)
  const session: Session = {
    ...before,
    ...(opensAt === undefined ? {} : { opensAt: momentAt(opensAt, '/session/opensAt') }),
    ...(closesAt === undefined ? {} : { closesAt: momentAt(closesAt, '/session/closesAt') }),
    ...(unitsPerUser === undefined ? {} : { unitsPerUser: unitsPerUser ?? 0 }),
    ...(paused === undefined ? {} : { paused })
  }
  if (session.opensAt !== before.opensAt && before.opensAt <= draft.now) {
    throw new Contradiction('/session/opensAt', `${before.id} has opened already`)
  }
  if (opensAt !== undefined || closesAt !== undefined) checkSession(draft, session, '/session')
  setSession(draft, session)
  if (stock !== undefined) addStock(draft, session.id, stock - before.stock)
}

/** Adds a new session, or changes an existing one. */
export function applySession(draft: Draft, change: SessionChange): void {
  const known = draft.activity.sessions.find((other) => other.id === change.id)
  if (known && Object.keys(change).length === 1) return
  if (known) changeSession(draft, known, change)
  else addSession(draft, change)
  draft.data.session = change
}

/** Moves the end of the session that `meantSession` finds. */
export function applyEnd(draft: Draft, closesAt: string, name: string | undefined): void {
  const longer = { ...meantSession(draft, name), closesAt: momentAt(closesAt, '/closesAt') }
  checkSession(draft, longer, '')
  setSession(draft, longer)
  Object.assign(draft.data, { closesAt: iso(longer.closesAt), session: draft.data.session ?? longer.id })
}
