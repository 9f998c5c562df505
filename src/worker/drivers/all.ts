import type { JetStreamManager } from 'nats'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import type { BoardWriter } from '../../gate/boards/board-writer.ts'
import type { Decider, HashReader, Lending, Shards, UserReader } from '../../gate/gate.ts'
import { type InRedis, readShardClock } from '../../gate/redis/outbox.ts'
import { StepGate } from '../../gate/step-gate.ts'
import type { Publisher } from '../../journal/publisher.ts'
import { streamInfo } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import { forgetItems } from '../../store/campaigns/job-items.ts'
import { forgetOldAnswers } from '../../store/operators/admin-requests.ts'
import { forgetOldTexts } from '../../store/reading/user-texts.ts'
import { forgetUnusedDetails } from '../../store/reading/win-details.ts'
import { forgetUnusedTexts } from '../../store/shares/shares.ts'
import { forgetVisitors } from '../../store/shares/visits.ts'
import { ArchiveDriver } from '../archive/driver.ts'
import { FollowedTimes } from '../boards/followed.ts'
import { BoardFreezer } from '../boards/freeze-due.ts'
import { BoardKeeper } from '../boards/show.ts'
import { tellFrozen } from '../boards/tell.ts'
import { MomentTeller } from '../events/tell-moments.ts'
import { StockTeller } from '../events/tell-stock.ts'
import { Follower } from '../following/follower.ts'
import { listenersOf } from '../following/listeners.ts'
import { ListenerPlan } from '../following/plan.ts'
import { LoanDriver } from '../loans/driver.ts'
import type { Lacks } from '../loans/lacks.ts'
import type { Bell, Loop } from '../running/loop.ts'
import type { News } from '../running/news.ts'
import { loop, type Pace } from '../running/pace.ts'
import { ImportDriver } from './apply-imports.ts'
import { LevelDriver } from './change-levels.ts'
import { TaskDriver } from './complete-tasks.ts'
import { CodeCreditDriver } from './credit-codes.ts'
import { JobDriver } from './do-jobs.ts'
import { ExpiryDriver } from './expire-orders.ts'
import { PointsExpirer } from './expire-points.ts'
import { SpinDriver } from './finish-spins.ts'
import { CreditDriver } from './give-credits.ts'
import { CodeDriver } from './hand-out-codes.ts'
import { RecountDriver } from './recount-levels.ts'
import { ReminderDriver } from './remind.ts'

interface OneShardParts extends InRedis {
  readonly pool: Pool
  readonly gate: Decider & HashReader & Lending & Pick<Shards, 'numbers'>
  readonly shard: number
  /** whether what the journals of some shards, or of all, held is read */
  readonly first: { isRead(shards?: readonly number[]): Promise<boolean> }
  readonly lacks: Lacks
  readonly catalogue: Catalogue
  readonly news: News
  /** of the owner of the shard */
  readonly ownerTerm: number
  readonly namespace: string
  readonly jsm: JetStreamManager
  readonly publisher: Publisher
  readonly names: Names
  readonly logger: Logger
}

/** What drivers need that work for all shards. */
interface CommonParts {
  readonly pool: Pool
  readonly gate: Decider &
    HashReader &
    Pick<Lending, 'look'> &
    Pick<Shards, 'depths' | 'numbers'> &
    Pick<UserReader, 'fieldsOf'>
  /** by number */
  readonly shards: readonly InRedis[]
  readonly boards: BoardWriter
  readonly catalogue: Catalogue
  /** rings when something follows decisions of a shard of this process */
  readonly followed: Bell
  readonly mayAsk: () => Promise<boolean>
  /** finishes intents and publications that gateways left open; see src/campaign */
  readonly driveIntents: (gate: Decider) => Promise<unknown>
  readonly publisher: Publisher
  readonly names: Names
  /** carries on with settlements that wait for something; see src/campaign */
  readonly driveSettlements: () => Promise<unknown>
  readonly logger: Logger
}

/** How long details of win claims and texts without a decision are kept: no decision waits longer for the journal. */
const DETAILS_DAYS = 7
/** How long it is known who looked at a share without a token: a day of any zone. */
const VISITORS_HOURS = 48
/** How long an operator's key gives the same answer again. */
const ANSWERS_SECONDS = 7 * 24 * 3600

/** How long it is known of each part of a job in bulk what became of it. */
const JOBS_SECONDS = 7 * 24 * 3600

interface AskingParts {
  readonly gate: Decider
  /** whether what the journal held is read: before that, what Postgres lists may be done already */
  readonly mayAsk: () => Promise<boolean>
}

/** A loop that has the gate decide what Postgres lists as not done. @param make the driver, with the gate for its steps */
function driverLoop({ gate, mayAsk }: AskingParts, pace: Pace, make: (gate: Decider) => () => Promise<unknown>): Loop {
  const steps = new StepGate(gate)
  const run = make(steps)
  // what may not ask has not found nothing: it does not rest
  return loop(pace, async () => ((await mayAsk()) ? steps.step(run) : undefined))
}

/** A loop that looks at a page of old rows each second until there is none, and then more and more seldom, down to once an hour. @param page gives how many it looked at */
const hourly = (name: string, page: () => Promise<number>): Loop => loop([name, 1000, 3_600_000], page)

/** Loans rest on what two shards decided, so the journals of all have to be read first. */
function loanLoop(parts: OneShardParts): Loop {
  const { gate, first, lacks } = parts
  const often = driverLoop({ gate, mayAsk: () => first.isRead() }, ['loans', 100], ({ submit }) => {
    const loans = new LoanDriver({ ...parts, gate: { ...gate, submit } })
    return () => loans.step()
  })
  return { ...often, bell: lacks.bell }
}

function spinLoop(parts: OneShardParts): Loop {
  const { gate, first, shard, news } = parts
  return driverLoop({ gate, mayAsk: () => first.isRead([shard]) }, ['spins', 100, 1600, news.drawn], (asking) => {
    const spins = new SpinDriver({ ...parts, gate: asking })
    return () => spins.step()
  })
}

/** While nobody listens, what is stored is no news. */
function followerLoop({ pool, shard, gate, news, logger }: OneShardParts): Loop {
  const plan = new ListenerPlan(pool, listenersOf, { shard, gate })
  const follower = new Follower({ pool, shard, plan, logger })
  const follow = async () => {
    const taken = await follower.step()
    if (taken > 0) news.followed.ring()
    return taken
  }
  return {
    ...loop(['following', 100, 800], follow),
    get news() {
      return follower.isListening ? news.stored : undefined
    }
  }
}

/** The driver loops of the owner of a shard, for what lives in that shard: Postgres lists what is due, the gate decides it. */
export function shardLoops(parts: OneShardParts): Loop[] {
  const { pool, gate, shard, first, catalogue, logger } = parts
  const asking = { gate, mayAsk: () => first.isRead([shard]) }
  const codes = new CodeDriver({ pool, shard, logger })
  const recounts = new RecountDriver({ pool, shard, catalogue })
  const reminders = new ReminderDriver({
    ...parts,
    catalogue,
    stream: () => streamInfo(parts.jsm, parts.names.publicStream)
  })
  return [
    driverLoop(asking, ['expiry', 500, 1000], (gate) => {
      const expiry = new ExpiryDriver({ pool, gate, shard })
      return () => expiry.step()
    }),
    followerLoop(parts),
    loop(['counts of levels', 250, 2000], () => recounts.step()),
    loop(['codes', 1000, 2000], () => codes.step()),
    driverLoop(asking, ['credited codes', 1000, 2000], (gate) => {
      const credited = new CodeCreditDriver({ pool, gate, shard, catalogue, logger })
      return () => credited.step()
    }),
    driverLoop(asking, ['archives', 200, 1600], ({ submit }) => {
      const archives = new ArchiveDriver({ ...parts, gate: { ...gate, submit } })
      return () => archives.step()
    }),
    loop(['reminders', 100, 400], () => reminders.step()),
    ...(gate.numbers.length > 1 ? [loanLoop(parts), spinLoop(parts)] : [])
  ]
}

/** The driver loops for what belongs to no shard, or whose user may be in any: they run once, beside one of the owners. */
export function commonLoops(parts: CommonParts): Loop[] {
  const { pool, gate, shards, boards, catalogue, driveIntents, driveSettlements, logger } = parts
  const afterFollowed = (name: string, everyMs: number): Pace => [name, everyMs, 800, parts.followed]
  const due = (pace: Pace, make: (gate: Decider) => { step(): Promise<unknown> }) =>
    driverLoop(parts, pace, (gate) => {
      const driver = make(gate)
      return () => driver.step()
    })
  const keeper = new BoardKeeper(pool, boards)
  const clocks = shards.map((place) => () => readShardClock(place))
  const followed = new FollowedTimes({ pool, gate, clocks })
  // a shard whose clock is behind still gives what is earned before the moment
  const earliest = async () => Math.min(...(await Promise.all(clocks.map((clock) => clock()))))
  const expirer = new PointsExpirer({ pool, catalogue, clock: earliest })
  const moments = new MomentTeller(parts)
  const stock = new StockTeller(parts)
  const freezer = new BoardFreezer({ pool, shards: gate.numbers, followed, logger })
  return [
    driverLoop(parts, ['adjustments', 1000], (gate) => () => driveIntents(gate)),
    driverLoop(parts, ['settlements', 1000], () => driveSettlements),
    due(afterFollowed('tasks', 250), (gate) => new TaskDriver({ pool, gate, catalogue })),
    due(['jobs', 250, 1000], (asking) => new JobDriver({ pool, gate: asking, reader: gate, catalogue, shards: gate })),
    loop(['expiring points', 1000], () => expirer.step()),
    due(afterFollowed('credits', 100), (gate) => new CreditDriver({ pool, gate, catalogue })),
    loop(afterFollowed('boards', 100), () => keeper.step()),
    loop(['final boards', 1000], () => freezer.step()),
    loop(['frozen boards', 1000], () => tellFrozen(parts)),
    loop(['moments', 500], () => moments.step()),
    loop(['stock', 500, 1000], () => stock.step()),
    due(afterFollowed('levels', 100), (gate) => new LevelDriver({ pool, gate, catalogue })),
    due(['imports', 500, 1000], (gate) => new ImportDriver(pool, gate)),
    hourly('texts of shares', async () => (await forgetUnusedTexts(pool, DETAILS_DAYS)).looked),
    hourly('visitors', () => forgetVisitors(pool, VISITORS_HOURS)),
    hourly('details', async () => (await forgetUnusedDetails(pool, DETAILS_DAYS)).looked),
    hourly('texts', () => forgetOldTexts(pool, DETAILS_DAYS)),
    hourly('answers', () => forgetOldAnswers(pool, ANSWERS_SECONDS)),
    hourly('items of jobs', () => forgetItems(pool, JOBS_SECONDS))
  ]
}
