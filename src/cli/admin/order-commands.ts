import { inCampaign, of, page, text, value } from './command.ts'

// Orders, and what was won.

export const order = of('order', [
  {
    name: 'find',
    says: 'orders, newest first',
    args: '',
    route: 'GET /orders',
    options: [
      inCampaign,
      text('--activity <id>', 'the sale'),
      text('--status <status>', 'accepted, paid, cancelled, expired, shipped, returned'),
      text('--user <id>', 'the buyer'),
      text('--ship-by <time>', 'those that have to be shipped by then'),
      ...page
    ]
  },
  { name: 'show', says: 'an order, its owner and its history', args: '<order>', route: 'GET /orders/{order}' },
  {
    name: 'pay',
    says: 'record that it was paid',
    args: '<order>',
    route: 'POST /orders/{order}/payment',
    options: [
      value('--amount <n>', 'minor units'),
      text('--currency <code>', 'ISO 4217'),
      text('--reference <text>', 'of the payment; the same one counts once')
    ]
  },
  { name: 'cancel', says: 'cancel it', args: '<order>', route: 'POST /orders/{order}/cancellation' },
  {
    name: 'ship',
    says: 'record that it was shipped, or news of the shipment',
    args: '<order>',
    route: 'POST /orders/{order}/shipment',
    options: [
      text('--carrier <name>', 'the carrier'),
      text('--tracking-number <text>', 'the tracking number of the carrier'),
      text('--state <text>', 'its state as the carrier calls it: in-transit, delivered, ...')
    ]
  },
  {
    name: 'return',
    says: 'take units back',
    args: '<order>',
    route: 'POST /orders/{order}/return',
    options: [
      value('--quantity <n>', 'all that is left where absent'),
      text('--kind <kind>', 'return or exchange'),
      value('--refund <n>', 'minor units, true or false')
    ]
  }
])

const affected = [
  text('--activity <id>', 'the sale'),
  text('--from <time>', 'placed from then on'),
  text('--to <time>', 'placed before then')
]

export const bulk = of('order', [
  {
    name: 'affected',
    says: 'orders that an error has hit, with their sums by status',
    args: '<campaign>',
    route: 'GET /campaigns/{campaign}/affected-orders',
    options: [...affected, value('--price <n>', 'of a unit, minor units'), ...page]
  },
  {
    name: 'cancel-affected',
    says: 'cancel those that are neither shipped nor over; answers with a job',
    args: '<campaign>',
    route: 'POST /campaigns/{campaign}/affected-orders/cancellation',
    options: [...affected, value('--price <n>', 'of a unit, minor units')]
  }
])

export const job = of('job', [
  {
    name: 'list',
    says: 'jobs in bulk, newest first, with how far each has come',
    args: '',
    route: 'GET /jobs',
    options: [inCampaign, text('--state <state>', 'running: those that are not done'), ...page]
  },
  { name: 'show', says: 'how far a job has come', args: '<job>', route: 'GET /jobs/{job}' }
])

export const reward = of('reward', [
  {
    name: 'list',
    says: 'rewards of a campaign that wait for somebody',
    args: '<campaign>',
    route: 'GET /campaigns/{campaign}/rewards',
    options: [text('--state <state>', 'waiting, approved, rejected'), ...page]
  },
  { name: 'approve', says: 'have it given', args: '<reward>', route: 'POST /rewards/{reward}/approval' },
  { name: 'reject', says: 'refuse it', args: '<reward>', route: 'POST /rewards/{reward}/rejection' }
])

export const win = of('win', [
  {
    name: 'find',
    says: 'wins of a campaign, newest first',
    args: '',
    route: 'GET /wins',
    options: [
      inCampaign,
      text('--status <status>', 'won, given, claimed, revoked'),
      text('--type <type>', 'physical, coupon, points, ...'),
      text('--fulfilment <state>', 'waiting, shipped, ready-for-pickup, credited, delivered, failed, reissued'),
      text('--supplier <name>', 'of the prize'),
      ...page
    ]
  },
  { name: 'show', says: 'a win and its owner', args: '<win>', route: 'GET /wins/{win}' },
  {
    name: 'fulfil',
    says: 'note how far it is handed over',
    args: '<win>',
    route: 'POST /wins/{win}/fulfilment',
    options: [
      text('--state <state>', 'shipped, ready-for-pickup, credited, delivered, failed, reissued'),
      text('--carrier <name>', 'the carrier'),
      text('--tracking-number <text>', 'the tracking number of the carrier')
    ]
  },
  { name: 'pickup', says: 'hand it over to whoever brings its code', args: '<code>', route: 'POST /pickups/{code}' },
  {
    name: 'reissue',
    says: 'send it anew after it failed',
    args: '<win>',
    route: 'POST /wins/{win}/fulfilment',
    fixed: { state: 'reissued' }
  },
  {
    name: 'address',
    says: 'where it is sent to; each reading is audited',
    args: '<win>',
    route: 'GET /wins/{win}/address'
  },
  {
    name: 'revoke',
    says: 'revoke it and take back what it gave',
    args: '<win>',
    route: 'POST /wins/{win}/revocation',
    options: [value('--return-quota <bool>', "whether it can be won again (what the campaign's policy says)")]
  }
])
