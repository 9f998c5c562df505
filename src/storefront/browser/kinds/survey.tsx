import { Card, type CardOf, Gives } from '../parts/card.tsx'
import { Ended } from '../parts/ended.tsx'
import { rewardOf } from '../shop/format.ts'
import { campaign as here, standing } from '../shop/here.ts'
import { useAct } from '../shop/intentions.ts'
import { client } from '../shop/session.ts'
import { say } from '../shop/words.ts'

type Question = CardOf<'survey'>['activity']['questions'][number]

/** the stars of a rating, where the question does not say */
const STARS = 5

/** A question as a browser asks: radio buttons for one of a few, boxes for several, a field for words. */
function Asked({ question }: { question: Question }) {
  const { id, type, title, required, most = STARS, options = [], multiple = false, maxLength = 500 } = question
  if (type === 'text') {
    return (
      <label>
        {title}
        <textarea name={id} rows={3} required={required} maxLength={maxLength} />
      </label>
    )
  }
  const choices =
    type === 'rating'
      ? Array.from({ length: most }, (_, index) => ({ id: String(index + 1), title: String(index + 1) }))
      : options
  return (
    <fieldset>
      <legend>{title}</legend>
      <div class="choices">
        {choices.map((choice) => (
          <label key={choice.id}>
            <input
              type={multiple ? 'checkbox' : 'radio'}
              name={id}
              value={choice.id}
              required={required && !multiple}
            />
            <span>{choice.title}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** The answers of a form in the shape of their questions; those that are empty are left out. */
function answersOf(form: FormData, questions: readonly Question[]): Record<string, unknown> {
  const shapes: Readonly<Record<Question['type'], (values: string[], question: Question) => unknown>> = {
    rating: ([value]) => Number(value),
    choice: (values, { multiple }) => (multiple === true ? values : values[0]),
    text: ([value]) => value
  }
  return Object.fromEntries(
    questions.flatMap((question) => {
      const values = form.getAll(question.id).map(String).filter(Boolean)
      return values.length === 0 ? [] : [[question.id, shapes[question.type](values, question)]]
    })
  )
}

export function SurveyCard({ activity, campaign }: CardOf<'survey'>) {
  const { id, questions, reward } = activity
  const act = useAct(`answer ${campaign}/${id}`, (key, answers: Record<string, unknown>) =>
    client.value.answer(campaign, id, { key, answers })
  )
  const isDone = standing.value?.activities.find((one) => one.id === id)?.done === true
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    void act.go(answersOf(new FormData(event.currentTarget as HTMLFormElement), questions))
  }
  return (
    <Card activity={activity}>
      {(isOpen) => (
        <>
          {reward && <Gives label={say('gives')} what={rewardOf(reward, here.value)} />}
          {isDone && <p class="soft">{say('done')}</p>}
          <details hidden={isDone}>
            <summary>{questions[0]?.title}</summary>
            <form onSubmit={send}>
              {questions.map((question) => (
                <Asked key={question.id} question={question} />
              ))}
              <button type="submit" disabled={!isOpen || act.busy}>
                {say('send')}
              </button>
            </form>
          </details>
          <Ended act={act} wish={{}}>
            {({ answer }) => (
              <b>
                {say('sent')} {Object.keys(answer.credited).length > 0 && rewardOf(answer.credited, here.value)}
              </b>
            )}
          </Ended>
        </>
      )}
    </Card>
  )
}
