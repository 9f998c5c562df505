import t from 'tap'
import { closing } from '../../src/record/replay.ts'
import { firstOpen } from '../../src/store/projection/open-rows.ts'
import { sharedServers } from '../support/servers/servers.ts'
import { startCore } from '../support/shop/core.ts'

const { pool } = await startCore(t, await sharedServers(t))

await pool.query(`
  insert into campaigns (campaign_id, author) values ('c', 'op');
  insert into intents (campaign_id, activity_id, user_id, type, puts, adds, request, created_by, state)
    values ('c', '', '$system', 'campaign.paused', '[]', '[]', '{}', 'op', 'open');
  insert into imports (unit, reference, user_id, amount, created_by) values ('points', 'a:b', 'ann', 1, 'op');
  insert into credits (campaign_id, cause, role, activity_id, action, user_id, day)
    values ('c', '0-1-2', 'share/verified', 'share', 'verified', 'ann', 1);
  insert into task_counts (campaign_id, task_id, user_id, period, count, state) values ('c', 't', 'ann', '7', 1, 'due');
  insert into level_states (scope, user_id, wanted, changes, campaign_id, why) values ('c', 'ann', 2, 2, 'c', '{}')`)
const { rows } = await pool.query<{ id: number }>('select intent_id::float8 as id from intents')

/** The decision of a user under a replay field, as the forgetter names it. */
function decided(key: string, activity = '', user = 'ann') {
  const { work, name = '' } = closing(key) ?? {}
  return work && { work, user, campaign: 'c', activity, name }
}

t.test('a decision whose row is open holds up those after it', async (t) => {
  const open = {
    intent: decided(`x:adj:${rows[0]?.id}`, '', '$system'),
    import: decided('x:imp:points:a:b'),
    credit: decided('x:credit:0-1-2:share/verified', 'share'),
    takeBack: decided('x:void:0-1-2:share/verified', 'share'),
    goal: decided('x:task:c/t/7', 't'),
    level: decided('x:level:c:3')
  }
  const closed = [
    decided('u:key'),
    decided(`x:adj:${(rows[0]?.id ?? 0) + 1}`),
    decided('x:adj:no-number'),
    decided('x:imp:points:a'),
    decided('x:credit:0-1-2:share/verified', 'share', 'ben'),
    decided('x:credit:0-1-3:share/verified', 'share'),
    decided('x:task:c/t/8', 't'),
    decided('x:level:c:2'),
    decided('x:level::3')
  ]
  t.equal(await firstOpen(pool, []), undefined)
  t.equal(await firstOpen(pool, closed), undefined)
  for (const [name, one] of Object.entries(open))
    t.equal(await firstOpen(pool, [...closed, one, ...closed]), closed.length, name)
  t.equal(await firstOpen(pool, [closed[0], open.level, open.intent]), 1, 'the first of several')
  await pool.query(`
    update intents set state = 'applied', closed_at = now();
    update imports set state = 'applied', closed_at = now();
    update credits set state = 'done', next_attempt_at = null;
    update task_counts set state = 'completed';
    update level_states set changes = 3`)
  t.equal(await firstOpen(pool, Object.values(open)), undefined, 'all are closed')
})
