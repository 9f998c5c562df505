import type { ShardBug } from './bugs.ts'
import type { Aim } from './chaos.ts'

/** Bugs that chance alone would show too seldom, and the faults that show them. */
export const aims: Partial<Record<ShardBug, Aim>> = {
  'sold-before-journaled': { only: [], at: { name: 'received', moment: 'answered', faults: ['pause', 'wiped'] } },
  'amount-of-pending': {
    only: ['wiped'],
    at: { name: 'lent', moment: 'answered', faults: ['nats stands still', 'wiped'] }
  },
  'asks-what-is-stored': { only: ['postgres goes back'], keepMs: 800 },
  'lists-before-opening': { only: [], at: { name: 'loans', moment: 'answered', faults: ['pause'] }, keepMs: 300 },
  'sends-at-any-time': { only: [], at: { name: 'lent', moment: 'before', faults: ['pause'] }, keepMs: 300 },
  'fact-of-any-opening': { only: [], at: { name: 'fact', moment: 'before', faults: ['pause', 'wiped'] } },
  'taken-by-pending': {
    only: ['wiped'],
    at: { name: 'adjusted', moment: 'answered', faults: ['nats stands still', 'wiped'] }
  },
  'taken-beside-loans': { only: [], at: { name: 'received', moment: 'before', faults: ['stands still'] } },
  'removed-beside-loans': { only: ['pause', 'kill'], at: { name: 'received', moment: 'before', faults: ['pause'] } },
  'lends-anew': { only: ['stands still'] },
  'ids-in-order': { only: ['postgres goes back', 'kill'] },
  'fact-beside-lend': { only: ['postgres goes back', 'kill'] },
  'fact-kept': { only: ['older copy', 'opened again'] }
}
