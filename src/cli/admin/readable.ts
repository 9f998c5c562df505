type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null
const plain = (value: unknown): string => (value === null ? '-' : String(value))

/** A list of lines with the same plain fields as a table; what is nested in them is told by --json. */
function table(rows: readonly Fields[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => isPlain(row[name]))))]
  const cells = [names, ...rows.map((row) => names.map((name) => plain(row[name] ?? null)))]
  const widths = names.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  )
}

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}none`]
    if (value.every(isFields)) return table(value).map((line) => indent + line)
    return value.map((item) => `${indent}${isPlain(item) ? plain(item) : JSON.stringify(item)}`)
  }
  if (!isFields(value)) return [`${indent}${plain(value)}`]
  return Object.entries(value).flatMap(([name, member]) => {
    if (isPlain(member)) return [`${indent}${name}: ${plain(member)}`]
    return [`${indent}${name}:`, ...lines(member, `${indent}  `)]
  })
}

/** An answer of the admin API for people: fields one a line, lists as tables. */
export function readable(body: unknown): string {
  if (isFields(body) && Array.isArray(body.items) && 'nextCursor' in body) {
    const more = typeof body.nextCursor === 'string' ? [`more: --cursor ${body.nextCursor}`] : []
    return `${[...lines(body.items, ''), ...more].join('\n')}\n`
  }
  return `${lines(body ?? 'done', '').join('\n')}\n`
}
