/** Digits without letters that look like others, after Crockford. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BASE = 32n
const SHARDS = 1n << 10n
const EPOCHS = 1n << 32n
/** a prime below the numbers that two digits hold: one wrong digit, or two exchanged ones, never have the same remainder */
const CHECK = 1021n
const CODE = /^[0-9A-HJKMNP-TV-Z]{3,32}$/
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER)

function textOf(value: bigint, least: number): string {
  let text = ''
  for (let rest = value; rest > 0n; rest /= BASE) text = DIGITS.charAt(Number(rest % BASE)) + text
  return text.padStart(least, '0')
}

function numberOf(text: string): bigint {
  return [...text].reduce((value, digit) => value * BASE + BigInt(DIGITS.indexOf(digit)), 0n)
}

/**
 * The invitation code of the decision that made it: its id in other words, so it is unique without a table, and every gateway knows
 * from the code alone where it was decided. About 15 characters; two of them find typing errors.
 * @param id `<shard>-<epoch>-<sequence>`
 */
export function inviteCodeOf(id: string): string {
  const [shard = 0n, epoch = 0n, sequence = 0n] = id.split('-').map(BigInt)
  const value = (sequence * SHARDS + shard) * EPOCHS + epoch
  return textOf(value % CHECK, 2) + textOf(value, 1)
}

/** A code as it is printed: capitals, and no letter that looks like a digit. */
export function printedCode(code: string): string {
  return code.toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')
}

/** The id of the decision that made a code, in capitals or not; undefined for a text that no decision made. */
export function decisionOfCode(code: string): string | undefined {
  const text = printedCode(code)
  if (!CODE.test(text)) return undefined
  const value = numberOf(text.slice(2))
  const sequence = value / (EPOCHS * SHARDS)
  if (sequence < 1n || sequence > LARGEST) return undefined
  const id = `${(value / EPOCHS) % SHARDS}-${value % EPOCHS}-${sequence}`
  return inviteCodeOf(id) === text ? id : undefined
}
