/** Mistakes that somebody could make with followers, credits and settlements; each must turn runs red. */
export const creditBugs = {
  'place-before-rows': 'the place of the follower is committed before what follows from what it read',
  'rows-before-place': 'what follows is committed before the place',
  'place-unasked': 'the place is moved on without asking whether another worker did',
  'reads-undecided': 'the follower reads what is decided, and not only what is stored',
  'stale-plan': 'the shared place is moved on by the rules as they were, without a listener that has come since',
  'stale-readers': 'the shared place is moved on without asking who reads alone by now',
  'joins-blindly': 'a listener that has caught up joins the others although they have moved on meanwhile',
  'fails-blindly': 'a listener that failed reads alone from where it failed, although another worker had it read on',
  'new-listener-joins': 'a listener that comes later does not read what was decided before it',
  'key-without-cause': "the driver's key names who gets what and not what for",
  'closed-when-decided': 'a row is closed when the gate has decided, not when that is journaled',
  'asked-unnoted': 'the driver asks without noting before that it does',
  'late-word-counts': 'a driver that stood still closes or puts off what another one took meanwhile',
  'void-dropped': 'a void that is followed before its cause is forgotten',
  'void-unseen': 'a credit that was asked for when its cause was voided is not taken back',
  'taken-back-unsettled': 'a credit is taken back before its own decision is settled',
  'follower-not-awaited': 'a settlement does not wait for the follower',
  'credits-not-awaited': 'a settlement does not wait for credits that are due'
} as const

export type CreditBug = keyof typeof creditBugs

export function isCreditBug(name: string): name is CreditBug {
  return name in creditBugs
}
