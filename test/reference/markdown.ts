/** A text as it stands in a cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** A table of Markdown; nothing else is in it than what it is given. */
export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

export const code = (text: string): string => `\`${text}\``

export const grouped = (value: number): string => value.toLocaleString('en-US')

const SECTION = /(?<=<!-- from the code: ([A-Za-z -]+) -->\n)[\s\S]*?(?=<!-- end -->)/g

/** What a page takes from the code, by the names that stand between its marks. */
export function sectionsOf(page: string): string[] {
  return [...page.matchAll(SECTION)].map(([, name = '']) => name)
}

/** A page with the text of each of its sections exchanged. @throws Error for a section that nothing writes */
export function withSections(page: string, texts: Readonly<Record<string, string>>): string {
  return page.replace(SECTION, (_, name: string) => {
    const text = texts[name]
    if (text === undefined) throw new Error(`nothing writes ${JSON.stringify(name)}`)
    return `\n${text}\n\n`
  })
}

/** The JSON examples of a page, each with the word that stands behind `json` in its fence. */
export function examplesOf(page: string): Array<{ readonly about: string; readonly value: unknown }> {
  return [...page.matchAll(/^```json(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, about = '', text = '']) => ({
    about,
    value: JSON.parse(text) as unknown
  }))
}
