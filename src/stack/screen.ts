/** The output of a long command while it works: numbered steps, notes, and warnings. */
export interface Screen {
  /** Begins a step; the returned function ends it with a text about its result. */
  step(title: string): (result: string) => void
  note(text: string): void
  warn(text: string): void
  /** A block of text with a blank line before it. */
  block(text: string): void
  bold(text: string): string
  faint(text: string): string
}

const spare = 11

/**
 * A screen for `total` steps. Colours only on a terminal, and not if NO_COLOR is set.
 * All output goes to `stream`.
 */
export function createScreen(total: number, stream: NodeJS.WriteStream = process.stdout): Screen {
  const coloured = stream.isTTY === true && (process.env.NO_COLOR ?? '') === ''
  const paint = (code: number, text: string): string => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text)
  const line = (text: string): void => {
    stream.write(`${text}\n`)
  }
  let done = 0
  return {
    step(title) {
      const started = performance.now()
      const number = `[${++done}/${total}]`
      return (result) => {
        const seconds = ((performance.now() - started) / 1000).toFixed(1)
        line(`${paint(36, number)} ${title.padEnd(spare)} ${result} ${paint(2, `(${seconds} s)`)}`)
      }
    },
    note: (text) => line(`      ${paint(2, text)}`),
    warn: (text) => line(`${paint(33, '!')}     ${text}`),
    block: (text) => line(`\n${text}`),
    bold: (text) => paint(1, text),
    faint: (text) => paint(2, text)
  }
}
