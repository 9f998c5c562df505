import type { plantedInPoints, plantedInUpkeep } from './bugs.ts'
import type { At, FaultName } from './chaos.ts'

/** The faults, and nothing else, under which a planted bug shows soon. */
export interface Aimed {
  /** at any moment */
  readonly only: readonly FaultName[]
  /** and once, around a request of that name, one of each list */
  readonly at?: At
  /** one worker is of the version before for a while */
  readonly upgrade?: boolean
  /** points expire */
  readonly lapses?: boolean
}

/** A gateway stands still with a frame that it did not publish, and the shard is opened again. */
const unpublished: At = { 'gateway.publish': [['pause'], ['scripts flushed', 'reopening asked']] }

const points = { lapses: true, upgrade: false } as const

export const aimed: Record<keyof typeof plantedInUpkeep | keyof typeof plantedInPoints, Aimed> = {
  'lapse-beside-decisions': { ...points, only: ['pause worker'], at: { 'lapse.count': [['pause worker']] } },
  'lapse-without-record': { ...points, only: ['kill worker', 'nats pauses'] },
  'lapse-by-own-clock': { ...points, only: ['replica promoted'] },
  'lapse-unread': { ...points, only: ['pause worker', 'nats pauses'] },
  'lapse-out-of-order': { ...points, only: ['nats restarts'], at: { 'gateway.publish': [['nats restarts']] } },
  'lapse-closed-early': { ...points, only: ['redis wiped', 'nats pauses'] },
  'spent-newest-first': { ...points, only: ['kill'] },
  'taken-twice': { ...points, only: ['kill'] },
  'counted-again': { ...points, only: ['kill'] },
  'checkpoint-at-last': { only: ['redis wiped', 'kill', 'nats pauses'] },
  'stale-base': {
    only: ['kill worker', 'session ends', 'reopening asked'],
    at: { 'recovery.open': [['kill worker']], 'worker.commit': [['kill worker', 'reopening asked']] },
    upgrade: true
  },
  'rows-above-checkpoint': { only: ['redis wiped', 'time passes', 'kill worker'] },
  'floor-ignored': {
    only: ['time passes'],
    at: { 'upkeep.move': [['redis on an older file', 'replica promoted']] }
  },
  'floor-by-base': {
    only: ['time passes'],
    at: { 'upkeep.move': [['redis on an older file', 'replica promoted']] }
  },
  'page-keeps-base': { only: ['replica promoted', 'filling fails half-way', 'reopening asked'] },
  'fence-by-list': { only: ['postgres goes back', 'reopening asked'] },
  'outbox-lost-unseen': { only: ['outbox gone', 'kill'] },
  'copies-by-row': {
    only: ['dedupe window passes', 'kill', 'pause worker'],
    at: { 'gateway.publish': [['pause'], ['dedupe window passes']], 'worker.trim': [['pause worker']] }
  },
  'no-count': { only: ['reopening asked', 'pause'], at: { ...unpublished, 'recovery.late': [['nats is full']] } },
  'gives-not-settled': { only: ['reopening asked', 'replica promoted', 'kill'] },
  'archive-outside': { only: ['reopening asked', 'kill worker'] },
  'base-not-moved': {
    only: ['replica promoted', 'reopening asked'],
    at: { 'gateway.publish': [['replica promoted']], 'recovery.mark': [['kill']] }
  },
  'base-goes-late': {
    only: ['kill worker'],
    at: { 'worker.commit': [['rebuild asked']], 'recovery.wipe': [['kill']] }
  },
  'closer-unseen': {
    only: ['kill worker', 'session ends', 'reopening asked'],
    at: { 'recovery.wipe': [['kill']] },
    upgrade: true
  },
  'clock-left': { only: ['replica promoted'] },
  'drive-any-time': { only: ['pause worker', 'session ends', 'time passes'], at: { 'drive.list': [['pause worker']] } },
  'any-version': {
    only: ['time passes'],
    at: { 'upkeep.prune': [['kill'], ['session ends'], ['scripts flushed']] },
    upgrade: true
  },
  'forget-open-keys': { only: ['time passes', 'postgres pauses', 'pause worker'] },
  'archive-before-marker': { only: ['time passes'] },
  'payment-forgotten': { only: ['time passes'] },
  'error-stays-open': { only: ['gate fails half-way', 'reopening asked'] },
  'settle-keeps-base': {
    only: ['reopening asked', 'pause'],
    at: { ...unpublished, 'recovery.seal': [['filling fails half-way']] }
  },
  'd-by-decision': { only: ['time passes', 'reopening asked', 'redis on an older file'] },
  'epoch-by-row': { only: ['postgres goes back', 'reopening asked'] }
}
