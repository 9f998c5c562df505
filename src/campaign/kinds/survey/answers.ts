import { type DefinitionError, pointerStep } from '../../parts/explain.ts'
import { MOST_STARS } from './definition.ts'
import type { Question, Survey } from './rules.ts'

/** Answers as they are kept: by the type of their question, so that whoever counts needs no definition. */
interface Answers {
  readonly ratings: Readonly<Record<string, number>>
  /** ids of options, one or several */
  readonly choices: Readonly<Record<string, readonly string[]>>
  readonly texts: Readonly<Record<string, string>>
}

type Choice = Extract<Question, { type: 'choice' }>

function optionsOf({ multiple, options }: Choice, value: unknown): readonly string[] | string {
  const known = new Set(options.map(({ id }) => id))
  const all = [...known].join(', ')
  const chosen: unknown[] = multiple && Array.isArray(value) ? value : [value]
  if (chosen.length > 0 && chosen.every((one): one is string => typeof one === 'string' && known.has(one))) {
    return new Set(chosen).size === chosen.length ? chosen : 'names an option twice'
  }
  return multiple ? `must be a list of options: ${all}` : `must be one of ${all}`
}

function textOf(value: unknown, maxLength: number): string | undefined {
  const isText = typeof value === 'string' && value.trim() !== ''
  // counted in characters, as people do: a surrogate pair is one
  return isText && [...value].length <= maxLength ? value : undefined
}

/**
 * Reads the answers of a user by the questions of the survey.
 * @param input values by question, of any shape
 * @returns the answers, or every error with its pointer below the body
 */
export function readAnswers(
  { questions }: Pick<Survey, 'questions'>,
  input: Readonly<Record<string, unknown>>
): { readonly ok: true; readonly answers: Answers } | { readonly ok: false; readonly errors: DefinitionError[] } {
  const errors: DefinitionError[] = []
  const refuse = (question: string, detail: string) => errors.push({ pointer: `/answers/${question}`, detail })
  const ratings: Record<string, number> = {}
  const choices: Record<string, readonly string[]> = {}
  const texts: Record<string, string> = {}
  const known = new Set(questions.map(({ id }) => id))
  for (const name of Object.keys(input)) if (!known.has(name)) refuse(pointerStep(name), 'there is no such question')
  for (const question of questions) {
    const { id } = question
    const value = Object.hasOwn(input, id) ? input[id] : undefined
    if (value === undefined) {
      if (question.required) refuse(id, 'is missing: this question has to be answered')
    } else if (question.type === 'rating') {
      const isRating = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_STARS
      if (isRating) ratings[id] = Number(value)
      else refuse(id, `must be a whole number from 1 to ${MOST_STARS}`)
    } else if (question.type === 'choice') {
      const chosen = optionsOf(question, value)
      if (typeof chosen === 'string') refuse(id, chosen)
      else choices[id] = chosen
    } else {
      const text = textOf(value, question.maxLength)
      if (text === undefined) refuse(id, `must be a text of 1 to ${question.maxLength} characters`)
      else texts[id] = text
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, answers: { ratings, choices, texts } }
}
