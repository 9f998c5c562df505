import type { JetStreamManager } from 'nats'
import type { Pool } from 'pg'
import type { Logger } from 'pino'
import type { Catalogue } from '../../campaign/carrying/catalogue.ts'
import type { Gate } from '../../gate/gate.ts'
import type { ConnectedShard } from '../../gate/shard/connect-shard.ts'
import type { Publisher } from '../../journal/publisher.ts'
import type { SharedJournal } from '../../journal/shared-journal.ts'
import type { StreamSettings } from '../../journal/streams.ts'
import type { Names } from '../../journal/subjects.ts'
import type { Position } from '../../store/shard/shards.ts'
import type { Traces } from '../../tracing/traces.ts'
import type { Lacks } from '../loans/lacks.ts'
import type { News } from '../running/news.ts'
import type { FairShare } from './fair-share.ts'
import type { CampaignPauses } from './holds.ts'
import type { WorkerReport } from './report.ts'

/** What the owner of a shard works with. */
export interface OwnerOptions {
  readonly parts: ConnectedShard
  readonly gate: Gate
  readonly pool: Pool
  readonly jsm: JetStreamManager
  readonly journal: SharedJournal
  readonly names: Names
  readonly namespace: string
  readonly streams: StreamSettings
  readonly keepSeconds: number
  /** how long the replay of a decision stays */
  readonly keyRetentionSeconds: number
  /** for events that are no decisions */
  readonly publisher: Publisher
  /** pauses and resumes campaigns in the name of the system */
  readonly pauses: CampaignPauses
  /** the place of the events reader; undefined until it is known */
  readonly eventsPlace: () => Position | undefined
  readonly report: WorkerReport
  readonly lacks: Lacks
  /** of this process, for all shards */
  readonly catalogue: Catalogue
  readonly news: News
  /** of the shards that this worker holds */
  readonly share: Pick<FairShare, 'spread'>
  readonly traces: Traces | undefined
  readonly logger: Logger
}
