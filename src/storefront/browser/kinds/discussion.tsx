import { useState } from 'preact/hooks'
import { Card, type CardOf, Gives } from '../parts/card.tsx'
import { Ended } from '../parts/ended.tsx'
import { moment, rewardOf } from '../shop/format.ts'
import { campaign as here } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { useFound, useUnfolding } from '../shop/read.ts'
import { client } from '../shop/session.ts'
import { say } from '../shop/words.ts'

type Topic = NonNullable<CardOf<'discussion'>['activity']['topics']>[number]

interface Place {
  readonly campaign: string
  readonly discussion: string
}

/** Who likes a topic, or what somebody said: once each, and everybody sees how many. */
function Like({
  campaign,
  discussion,
  type,
  id,
  count
}: Place & { type: 'topic' | 'comment'; id: string; count: number }) {
  const act = useAct(`like ${campaign}/${discussion}/${type}/${id}`, (key) =>
    client.value.like(campaign, discussion, { key, subject: { type, id } })
  )
  return (
    <>
      <button type="button" class="quiet" disabled={act.busy} onClick={() => act.go(undefined)}>
        {say('like', { count })}
      </button>
      <Ended act={act} wish={undefined}>
        {({ like }) => <b>{say('liked', { count: like.count })}</b>}
      </Ended>
    </>
  )
}

function Comments({ campaign, discussion, topic, news }: Place & { topic: Topic; news: string }) {
  const { answer } = useFound(
    () => client.value.comments(campaign, discussion, { type: 'topic', id: topic.id, limit: 5 }),
    [campaign, discussion, topic.id, news]
  )
  if (answer === undefined) return null
  const place = { campaign, discussion }
  return (
    <>
      <Like {...place} type="topic" id={topic.id} count={answer.likes ?? 0} />
      {answer.items.length === 0 && <p class="soft">{say('noComments')}</p>}
      <ul class="plain">
        {answer.items.map(({ id, user, text, likes, postedAt }) => (
          <li key={id}>
            <small>
              {user} · {moment(postedAt)}
            </small>
            {text}
            <Like {...place} type="comment" id={id} count={likes} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Write({
  campaign,
  discussion,
  topic,
  most
}: {
  campaign: string
  discussion: string
  topic: Topic
  most: number
}) {
  const [text, setText] = useState('')
  const act = useAct(`comment ${campaign}/${discussion}/${topic.id}`, (key, wish: string) =>
    client.value.comment(campaign, discussion, { key, subject: { type: 'topic', id: topic.id }, text: wish })
  )
  const send = async (event: Event) => {
    event.preventDefault()
    await act.go(text)
  }
  return (
    <form onSubmit={send}>
      <label>
        {say('yourWords')}
        <textarea
          rows={2}
          required
          maxLength={most}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={act.busy}>
        {say('send')}
      </button>
      <Ended act={act} wish={text}>
        {({ comment }) => (
          <b>
            {say(comment.status === 'waiting' ? 'waiting' : 'sent')}{' '}
            {Object.keys(comment.credited).length > 0 && rewardOf(comment.credited, here.value)}
          </b>
        )}
      </Ended>
    </form>
  )
}

/** A topic. What people said of it is asked for while somebody looks at it. */
function About({ topic, most, ...place }: Place & { topic: Topic; most: number }) {
  const { isOpen, onToggle, news } = useUnfolding()
  return (
    <details onToggle={onToggle}>
      <summary>{topic.title}</summary>
      {isOpen && <Comments {...place} topic={topic} news={news} />}
      <Write {...place} topic={topic} most={most} />
    </details>
  )
}

/** What people say about the topics of a campaign. */
export function DiscussionCard({ activity, campaign }: CardOf<'discussion'>) {
  const { id, topics = [], reward, maxLength } = activity
  return (
    <Card activity={activity}>
      {() => (
        <>
          {reward && <Gives label={say('gives')} what={rewardOf(reward, here.value)} />}
          {topics.map((topic) => (
            <About key={topic.id} campaign={campaign} discussion={id} topic={topic} most={maxLength} />
          ))}
        </>
      )}
    </Card>
  )
}
