import type { ToldType } from './types.ts'

/** When each event is told, in words for people; code stands in backticks. */
export const toldWhen: Readonly<Record<ToldType, string>> = {
  'order.accepted': 'a purchase was confirmed',
  'order.paid': 'an order was paid in full',
  'order.cancelled': 'its buyer or an operator cancelled an order',
  'order.expired': 'an order was not paid by `payBy`',
  'order.shipped': 'an order was shipped, or there is news of its shipment',
  'order.returned': 'units of an order came back or were exchanged',
  'order.refund-due':
    'money has to be paid back: a payment came too late or twice, or a paid order was cancelled or returned',
  'spin.won': 'a spin won a prize that is worth something',
  'spin.lost': 'a spin gave a prize of type `nothing`',
  'spin.drawn':
    'a spin was made and paid for whose number means a prize that another shard may have; `spin.won` or `spin.lost` follows with the same number, and names it in `drawn`. Only where there are several shards',
  'win.granted':
    'a reward gave a prize: told beside the event of the decision that it was for, under its id and `-win`',
  'win.claimed': 'the winner claimed a win',
  'win.fulfilled':
    'a claimed win was approved, where its campaign reviews rewards, or shipped, lies ready for pick-up, was credited or delivered, failed, or is sent anew',
  'win.revoked': 'an operator revoked a win and took back what it gave',
  'claim.accepted': 'a user claimed an item of a redemption for points or another unit',
  'task.completed': 'a task was done, by the user or because its goal was reached',
  'reservation.made': 'a user reserved a session, or all of them',
  'reward.credited': 'a user was rewarded for what somebody else did',
  'reward.taken-back': 'a reward was taken back, as far as it was still there, because what it was given for is void',
  'board.awarded': 'a user got the reward of a rank of a leaderboard, whose order is final',
  'invite.created': 'a user got an invitation code',
  'invite.accepted': 'a user was bound to whoever invited them; `user` is the invitee',
  'invite.qualified':
    'an invitee did what the invitation asks for; `user` is the inviter, `moves` the reward where it is due for this',
  'invite.voided':
    'an invitation does not count: it closed a circle (`CIRCULAR`), or its order came back (`RETURNED`); `user` is the inviter',
  'game.completed': 'another system reported the result of an attempt at a game',
  'share.created': 'a user made a link to something, for a channel',
  'share.verified': 'somebody else visited a share, or a service reported it as genuine: what its user got',
  'share.voided': 'an operator voided a share; what it gave is taken back',
  'assist.given': 'a user helped the share of somebody else; the user of the event is the helper',
  'assist.voided': 'an operator voided an assist; what its share had reached by it is taken back',
  'survey.answered': 'a user answered a survey; what was answered is told to nobody',
  'comment.posted':
    'a comment was written; with `status: waiting` everybody sees it only after `comment.restored`. Its text is read on the admin port alone',
  'comment.hidden': 'an operator or a service hid a comment',
  'comment.restored': 'an operator or a service let everybody see a comment that waited or was hidden',
  'like.given': 'a user liked an activity, a topic or a comment',
  'balance.credited': 'an operator granted something, or an opening balance was imported',
  'balance.debited': 'an operator took something back, at most what was there',
  'balance.expired': "what a campaign gave of an account's unit expired, as far as it was not spent",
  'level.changed':
    "a user's earned level rose or fell; `why` is what they have of that on which levels rest, `scope` says whose level it is, `flags` those of the new one",
  'user.disqualified': 'an operator excluded a user from a campaign',
  'user.requalified': 'an operator let an excluded user in again',
  'campaign.published': 'a version of a campaign was published',
  'campaign.paused': 'a campaign was paused',
  'campaign.resumed': 'a paused campaign was resumed',
  'campaign.adjusted': 'rules or stock in force were changed, codes were loaded, or a version added something',
  'campaign.ended':
    'an operator ended a campaign before its closing time, or it is over: then it is no decision, and its id is `campaign.ended:<campaign>`',
  'campaign.settled': 'a campaign was settled',
  'campaign.archived': 'what was of a campaign has left Redis; its file, orders and wins stay. Each shard tells it',
  'command.accepted': 'a command was carried out',
  'command.rejected': 'a command was not carried out; `code` says why',
  'session.opened': 'a session opened. It is no decision: its id is `session.opened:<campaign>:<activity>:<session>`',
  'session.closed':
    'a session is over, by the clock or because an operator ended its campaign. Its id is like that of `session.opened`',
  'activity.soldout':
    'the units of an open session, or a prize with a quota, ran out on all shards. It is no decision: its id is `activity.soldout:<campaign>:<activity>:<session or prize>:<turn>`, and turns rise',
  'activity.reopened': 'some of them are there again. Its id is like that of `activity.soldout`',
  'board.frozen':
    'the order of a leaderboard is final: of a day or week that is over, or of a campaign that is settled. It is no decision: its id is `board.frozen:<campaign>:<board>:<period>`',
  'reminder.due':
    'a session opens soon that a user reserved: `remindMinutes` before it, or up to a minute earlier. It is no decision: its id is `reminder.due:<reservation>`, with `:<session>` behind it for each further session'
}
