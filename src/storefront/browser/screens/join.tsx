import { Accept } from '../kinds/invite.tsx'
import { ActButton, Ended } from '../parts/ended.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Fault, Waiting } from '../parts/ui.tsx'
import { rewardOf } from '../shop/format.ts'
import { useAct } from '../shop/intentions.ts'
import { news, useFound } from '../shop/read.ts'
import { linkTo } from '../shop/route.ts'
import { client, user } from '../shop/session.ts'
import { say } from '../shop/words.ts'

/** Where the link of an invitation leads. */
export function Join({ campaign, name: code }: { campaign: string; name: string }) {
  return (
    <Page title={say('joinTitle')} isBelow>
      <Accept campaign={campaign} code={code} />
      <p>
        <a href={linkTo('c', campaign)}>{say('howItWorks')}</a>
      </p>
    </Page>
  )
}

/** Where the link of a share leads: a signed-in look counts for whoever shared it, and a friend can help once. */
export function Shared({ campaign, name: share }: { campaign: string; name: string }) {
  const { answer, fault, again } = useFound(
    () => client.value.sharePage(campaign, share),
    [campaign, share, user.value, news.value]
  )
  const act = useAct(`assist ${share}`, (key) => client.value.assist(campaign, share, { key }))
  return (
    <Page title={say('helpTitle')} isBelow>
      {fault !== undefined && <Fault fault={fault} again={again} />}
      {answer === undefined && fault === undefined && <Waiting count={1} />}
      {answer && (
        <section class="card">
          <h2>{answer.card.title}</h2>
          {answer.card.text !== null && <p class="soft">{answer.card.text}</p>}
          {answer.mine && <Empty title={say('yourOwn')} />}
          {answer.mine && <p class="soft">{say('looks', { count: answer.clicks ?? 0 })}</p>}
          {answer.assists?.thresholds.map(({ count, reached }) => (
            <p key={count} class="row">
              <span>{say('thresholds', { count })}</span>
              <b>{reached ? '✓' : `${answer.assists?.count ?? 0}/${count}`}</b>
            </p>
          ))}
          {!answer.mine && (
            <div class="actions">
              <ActButton act={act} onClick={() => act.go(undefined)}>
                {say('help')}
              </ActButton>
            </div>
          )}
          <Ended act={act} wish={undefined}>
            {({ assist }) => (
              <>
                <b>{say('helped', { count: assist.count })}</b>
                {Object.keys(assist.credited).length > 0 && <p>{rewardOf(assist.credited, undefined)}</p>}
              </>
            )}
          </Ended>
        </section>
      )}
      <p>
        <a href={linkTo('c', campaign)}>{say('howItWorks')}</a>
      </p>
    </Page>
  )
}
