const LONG_ENOUGH = 5
const SHORT = 3

/**
 * A user id as everybody may see it: its first and last character. Short ids show less, because little would be left to guess;
 * the length is never shown.
 */
export function maskUser(user: string): string {
  const letters = [...user]
  if (letters.length < SHORT) return '***'
  return letters.length < LONG_ENOUGH ? `${letters[0]}***` : `${letters[0]}***${letters.at(-1)}`
}
