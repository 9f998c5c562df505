import type { Operation } from './operations.ts'

const of = (id: string, summary: string): Operation => ({ id, summary })

/** Of the admin port, by method and path. The reference page of the admin API is written from it. */
export const adminOperations: Readonly<Record<string, Operation>> = {
  'GET /healthz': of('liveness', 'The event loop answers'),
  'GET /readyz': of('readiness', 'Whether this gateway may get traffic, and which conditions hold'),
  'GET /metrics': of('metrics', 'Figures as Prometheus text, without a token'),
  'GET /admin/v1/me': of('whoAmI', 'Who is signed in, with role and scopes'),
  'GET /admin/v1/health': of('health', 'Every condition with its age, its detail and its entry in the runbook'),
  'GET /admin/v1/audit': of(
    'listAudit',
    'Who changed what, when and why, newest first; with `format` all of it as a file'
  ),
  'GET /admin/v1/campaigns': of('listCampaigns', 'All campaigns with their states'),
  'GET /admin/v1/campaigns/:campaign': of('getCampaign', 'A campaign as it stands, with its newest definition'),
  'PUT /admin/v1/campaigns/:campaign': of(
    'saveCampaign',
    'Save a definition as a new version; `?dryRun=true` checks it only'
  ),
  'PATCH /admin/v1/campaigns/:campaign': of(
    'adjustCampaign',
    'Change what is in force: closing time, admission, limits; or what visitors are told. `?dryRun=true` says what would change'
  ),
  'POST /admin/v1/pause': of(
    'pauseAll',
    'Pause every published campaign that is not over, those that open later too; of each what became of it'
  ),
  'POST /admin/v1/resumption': of(
    'resumeAll',
    'Go on with those campaigns that such a pause stopped, and that nobody paused or resumed by itself since'
  ),
  'GET /admin/v1/campaigns/:campaign/versions': of('listVersions', 'Versions of the definition and their reviews'),
  'GET /admin/v1/campaigns/:campaign/versions/:version': of(
    'getVersion',
    'A version of the definition, and with `?against=` where it differs from another one'
  ),
  'POST /admin/v1/campaigns/:campaign/submission': of('submitCampaign', 'Submit a version for review'),
  'POST /admin/v1/campaigns/:campaign/approval': of('approveCampaign', 'Approve a version that somebody else wrote'),
  'POST /admin/v1/campaigns/:campaign/rejection': of('rejectCampaign', 'Reject a version, with the reason'),
  'POST /admin/v1/campaigns/:campaign/publication': of(
    'publishCampaign',
    'Publish a version: it is preloaded, compared and opened on schedule'
  ),
  'POST /admin/v1/campaigns/:campaign/pause': of(
    'pauseCampaign',
    'Pause a campaign until it is resumed, with a notice for its visitors'
  ),
  'POST /admin/v1/campaigns/:campaign/notice': of(
    'setNotice',
    'Tell the visitors of a campaign something, or nothing more; a resumption takes it away'
  ),
  'POST /admin/v1/campaigns/:campaign/resumption': of('resumeCampaign', 'Resume a paused campaign'),
  'POST /admin/v1/campaigns/:campaign/end': of('endCampaign', 'End a campaign for good, before its closing time'),
  'POST /admin/v1/campaigns/:campaign/settlement': of(
    'settleCampaign',
    'Settle an ended campaign once nothing is left to do; 202 while something is; `?dryRun=true` says what'
  ),
  'GET /admin/v1/campaigns/:campaign/archive': of(
    'getArchive',
    'Every decision of a campaign as a file (NDJSON, gzip; its last line has count and sha256); 409 with what it waits for'
  ),
  'POST /admin/v1/campaigns/:campaign/archive': of(
    'archiveCampaign',
    'Take a final campaign out of Redis and of what is live, by the sha256 of its file; 202 with a job; `?dryRun=true` says what it waits for'
  ),
  'GET /admin/v1/campaigns/:campaign/report': of(
    'getReport',
    'The report of a campaign as JSON, CSV or a page (`?format=`), as it stands or a stored `?version=`, beside another campaign (`?compareWith=`)'
  ),
  'POST /admin/v1/campaigns/:campaign/report': of(
    'storeReport',
    'Store the report of a settled campaign as its next final version, which never changes'
  ),
  'GET /admin/v1/campaigns/:campaign/report/versions': of('listReports', 'The stored versions of a report'),
  'GET /admin/v1/campaigns/:campaign/supplier-settlement': of(
    'getSupplierSettlement',
    'Units and amounts of a supplier (`?supplier=`) that were sold, won and redeemed, beside what was handed over; `?format=csv` lists each payment by its reference, with what is owed back'
  ),
  'GET /admin/v1/campaigns/:campaign/baseline': of('getBaseline', 'What the report of a campaign is compared with'),
  'PUT /admin/v1/campaigns/:campaign/baseline': of(
    'saveBaseline',
    'Save what a report is compared with: users before, targets, figures of a time before, by the ids of figures'
  ),
  'GET /admin/v1/jobs': of(
    'listJobs',
    'Jobs in bulk, newest first, each with how far it has come; archives stand on the first page'
  ),
  'GET /admin/v1/jobs/:job': of('getJob', 'How far a job has come: done, left, failed'),
  'GET /admin/v1/campaigns/:campaign/state': of(
    'getState',
    'Units by session and prize, participants, shards and lags'
  ),
  'GET /admin/v1/campaigns/:campaign/live': of(
    'watchOperations',
    'All figures of a running campaign, once a second (Server-Sent Events): units, pace, attempts, refusals by code, lags'
  ),
  'PATCH /admin/v1/campaigns/:campaign/activities/:activity': of(
    'adjustActivity',
    'Change what is in force of an activity: stock, price, limits, weights, closing time, pause; `?dryRun=true` says what would change'
  ),
  'GET /admin/v1/campaigns/:campaign/surveys/:survey/results': of(
    'getSurveyResults',
    'What users answered: counts, averages, satisfaction, and texts by pages of each question'
  ),
  'GET /admin/v1/calendars/:calendar': of('getCalendar', 'A calendar of the deployment'),
  'PUT /admin/v1/calendars/:calendar': of(
    'saveCalendar',
    'Save holidays and worked weekend days; campaigns copy them when they are published'
  ),
  'POST /admin/v1/campaigns/:campaign/grants': of('grantMany', 'Grants of a file: user,unit,amount,reference'),
  'POST /admin/v1/campaigns/:campaign/pools/:pool/codes': of('loadCodes', 'Codes of a file, one a line'),
  'GET /admin/v1/campaigns/:campaign/pools/:pool': of(
    'getPool',
    'How many codes are loaded, given and left; the codes are never shown'
  ),
  'GET /admin/v1/campaigns/:campaign/discussions/:discussion/comments': of(
    'listComments',
    'Comments with their texts, newest first, of one `status` or of all'
  ),
  'GET /admin/v1/campaigns/:campaign/discussions/:discussion/comments/:comment': of(
    'getComment',
    'A comment with its text, for who moderates'
  ),
  'POST /admin/v1/campaigns/:campaign/discussions/:discussion/comments/:comment/visibility': of(
    'moderateComment',
    'Show a comment to everybody, or hide it'
  ),
  'POST /admin/v1/campaigns/:campaign/reconciliation': of('startReconciliation', 'Compare Redis, journal and Postgres'),
  'GET /admin/v1/campaigns/:campaign/reconciliation': of('listReconciliations', 'Comparisons and what differed'),
  'POST /admin/v1/campaigns/:campaign/reconciliation/repair': of(
    'repair',
    'Open the shard again: what differs in Redis is written anew from Postgres'
  ),
  'GET /admin/v1/search': of('search', 'Whom an id or a code belongs to'),
  'GET /admin/v1/orders': of('listOrders', 'Orders, newest first'),
  'GET /admin/v1/campaigns/:campaign/affected-orders': of(
    'listAffectedOrders',
    'Orders of a sale at a price or of some time, with their sums by status'
  ),
  'POST /admin/v1/campaigns/:campaign/affected-orders/cancellation': of(
    'cancelAffectedOrders',
    'Cancel such orders, 202 with a job; `?dryRun=true` says how many'
  ),
  'GET /admin/v1/orders/:order': of(
    'getOrder',
    'An order with its payments, shipments, returns and the money that is due back'
  ),
  'POST /admin/v1/orders/:order/payment': of('payOrder', 'Record a payment of an order'),
  'POST /admin/v1/orders/:order/cancellation': of('cancelOrder', 'Cancel an order'),
  'POST /admin/v1/orders/:order/shipment': of('shipOrder', 'Record a shipment of an order, or news of it'),
  'POST /admin/v1/orders/:order/return': of('returnOrder', 'Take units of an order back'),
  'GET /admin/v1/wins': of('listWins', 'Wins, newest first'),
  'GET /admin/v1/wins/:win': of('getWin', 'A win and its owner'),
  'GET /admin/v1/campaigns/:campaign/rewards': of('listRewards', 'Rewards that wait for somebody, or were decided'),
  'POST /admin/v1/rewards/:reward/approval': of('approveReward', 'Have a reward given'),
  'POST /admin/v1/rewards/:reward/rejection': of('rejectReward', 'Refuse a reward: a win is revoked'),
  'POST /admin/v1/wins/:win/fulfilment': of(
    'fulfilWin',
    'Note how far a claimed win is handed over: shipped, ready for pick-up, credited, delivered, failed, reissued'
  ),
  'GET /admin/v1/wins/:win/address': of(
    'getWinAddress',
    'The address or account that a win is sent to; each reading is audited'
  ),
  'POST /admin/v1/pickups/:code': of('pickUp', 'Hand a win over to whoever brings its code'),
  'GET /admin/v1/campaigns/:campaign/fulfilment': of(
    'getFulfilment',
    'Wins by prize: unclaimed, lapsed, owed, under way, issued, revoked'
  ),
  'POST /admin/v1/wins/:win/revocation': of('revokeWin', 'Revoke a win and take back what it gave'),
  'POST /admin/v1/users/:user/grants': of(
    'grant',
    'Give or take back points, chances or an entitlement; `?dryRun=true` says whether it could be given'
  ),
  'POST /admin/v1/users/:user/disqualification': of(
    'disqualify',
    'Exclude a user from a campaign, and revoke what the body names; `?dryRun=true` says what would go'
  ),
  'DELETE /admin/v1/users/:user/disqualification': of(
    'requalify',
    'Let an excluded user in again; wins that were revoked stay revoked'
  ),
  'POST /admin/v1/users/:user/dry-run': of(
    'dryRun',
    'What would come of a request of a user now, and why: `confirmed`, `refused` with the problem, or `unavailable`; nothing is done, and no key is needed'
  ),
  'GET /admin/v1/participants': of(
    'listParticipants',
    'Users of a campaign as a file, for messages that other systems send: who took part, has not paid, has not claimed, won, or was not seen for some days; without those who are excluded. Each reading is audited'
  ),
  'GET /admin/v1/users/:user/timeline': of('getTimeline', 'Everything that was decided about a user, newest first'),
  'POST /admin/v1/units/:unit/imports': of('importUnits', 'Opening balances of a file: user,amount,reference'),
  'GET /admin/v1/campaigns/:campaign/shares': of(
    'countShares',
    'Shares, clicks and conversions by channel and type of subject'
  ),
  'DELETE /admin/v1/campaigns/:campaign/shares/:share': of('voidShare', 'Void a share and take back what it gave'),
  'DELETE /admin/v1/campaigns/:campaign/assists/:assist': of(
    'voidAssist',
    'Void an assist, and take back what its share had reached by it'
  ),
  'POST /service/v1/campaigns/:campaign/shares/:share/verification': of(
    'verifyShare',
    'A report on whether a share is genuine'
  ),
  'POST /service/v1/campaigns/:campaign/tasks/:task/progress': of(
    'reportProgress',
    'A report that counts towards a task'
  ),
  'POST /service/v1/campaigns/:campaign/games/:game/results': of('reportResult', 'The result of an attempt at a game'),
  'POST /service/v1/campaigns/:campaign/users/:user/registration': of(
    'reportRegistration',
    'A report of when a user registered'
  )
}
