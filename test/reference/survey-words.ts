type Words = Readonly<Record<string, string>>

/** What each field of a survey means. @param window the words of its opening and close, as those of other kinds */
export const surveyWords = (window: Words): Readonly<Record<'survey' | 'question', Words>> => ({
  survey: {
    ...window,
    for: 'who may answer: `anybody` (also where absent), `participants` (whoever took part in the campaign), `buyers` (whoever has units of an order: of one that was cancelled, expired or came back they count as `unitsPerUser` counts them), `winners` (whoever has a win of the campaign, of a draw or of a prize in a reward; a revoked one counts until its quota is returned)',
    satisfaction: 'the rating whose average is the satisfaction with the campaign, in the results',
    questions: 'see [questions](#questions)',
    reward: 'what an answer gives: see [reward](#reward). Doublers do not multiply it'
  },
  question: {
    id: 'its name in answers and results; unique in its survey',
    type: '`rating`: 1 to 5; `choice`: one option, or several; `text`: in the words of the user',
    title: 'the question itself',
    options: 'of a choice: what can be chosen, each with an `id` and a `title`',
    multiple: 'of a choice: whether several options may be named, as a list; false where absent',
    required: 'whether an answer must have it; false where absent',
    maxLength: 'of a text: how many characters it may have; 500 where absent. All answers together have at most 16 KiB'
  }
})
